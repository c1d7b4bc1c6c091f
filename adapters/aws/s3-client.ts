import { S3Client } from '@aws-sdk/client-s3';
import { clientOptions, type ClientSettings } from './client-options.ts';

/** An emulator has no name per bucket: it wants the bucket in the path. */
export function s3Client(settings: ClientSettings = {}): S3Client {
  return new S3Client({ ...clientOptions(settings), forcePathStyle: settings.endpoint !== undefined });
}
