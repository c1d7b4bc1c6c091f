/** Names of a stack's parts. They are the contract with clients and with the page, on AWS and on the laptop. */
import { InvalidRequest } from './errors.ts';
import { pipeline } from './pipeline.ts';

export interface StackNames {
  readonly stream: string;
  /** The archive. */
  readonly bucket: string;
  /** What could not be delivered: the quarantine, and what event source mappings gave up. */
  readonly undeliveredBucket: string;
  readonly table: string;
  readonly archiveEvents: string;
  readonly storeReadings: string;
  readonly sensorHistory: string;
}

/** Names of resources that someone has already, instead of those that a deployment gives them. */
export type NameOverrides = Partial<Pick<StackNames, 'stream' | 'bucket' | 'undeliveredBucket' | 'table'>>;

/** A bucket's name has at most 63 characters, of which `-eventarchive-` and the account id take 26. */
export const MAX_STACK_NAME_LENGTH = 37;

/** Beginnings of a bucket's name that S3 keeps for itself (S3 User Guide, "Bucket naming rules"). */
const reservedByS3 = /^(?:xn--|sthree-|amzn-s3-demo-)/;

/** @throws InvalidRequest where the stack's name could not become part of a bucket's name. */
export function stackNames(stack: string, accountId: string): StackNames {
  if (!/^[a-z][a-z0-9-]*$/.test(stack) || stack.length > MAX_STACK_NAME_LENGTH) {
    throw new InvalidRequest(
      'stack',
      `is ${JSON.stringify(stack)}, but must be lower-case letters, then digits and hyphens, at most ${MAX_STACK_NAME_LENGTH} characters, because it becomes part of the bucket's name`,
    );
  }
  const bucket = `${stack}-eventarchive-${accountId}`;
  const reserved = reservedByS3.exec(bucket)?.[0];
  if (reserved !== undefined) {
    throw new InvalidRequest(
      'stack',
      `is ${JSON.stringify(stack)}, but S3 takes no bucket that begins with ${reserved}`,
    );
  }
  return {
    stream: `${stack}-SensorStream`,
    bucket,
    undeliveredBucket: `${stack}-undelivered-${accountId}`,
    table: `${stack}-SensorData`,
    archiveEvents: `${stack}-${pipeline.archiveEvents.name}`,
    storeReadings: `${stack}-${pipeline.storeReadings.name}`,
    sensorHistory: `${stack}-${pipeline.sensorHistory.name}`,
  };
}
