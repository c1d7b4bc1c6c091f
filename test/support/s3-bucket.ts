/** A bucket of moto_server behind the fault proxy, for the tests of one `describe`. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll } from '@jest/globals';
import { clientOptions } from '../../adapters/aws/client-options.ts';
import type { S3EventArchiveOptions } from '../../adapters/aws/s3-event-archive.ts';
import { listObjectsLimits, s3KeyLimits } from './fault-proxy/s3-rules.ts';
import { type MotoBehindProxy, useMotoBehindProxy } from './moto-behind-proxy.ts';
import type { MotoClientOptions } from './moto.ts';
import { sleepless } from './sleepless.ts';

const s3Limits = [s3KeyLimits, listObjectsLimits];

export function s3Client({ credentials, ...options }: MotoClientOptions): S3Client {
  return new S3Client({ ...clientOptions(options), credentials, forcePathStyle: true });
}

export interface S3Bucket extends MotoBehindProxy<S3Client> {
  /** What an adapter of this bucket takes; its waits take no time. */
  readonly options: S3EventArchiveOptions & ReturnType<typeof sleepless>;
}

export function useS3Bucket(executable: string): () => S3Bucket {
  const engine = useMotoBehindProxy(executable, s3Limits, s3Client);
  const bucket = 'stack-eventarchive-000000000000';
  beforeAll(async () => {
    await engine().client.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  return () => ({ ...engine(), options: { ...sleepless(), client: engine().client, bucket } });
}
