/**
 * What a Kinesis data stream takes as one record (PutRecord in the API Reference; "Handle large records" in the Developer
 * Guide). Every way into a stream checks by these rules and answers in these words.
 */
import type { StreamEvent } from './ports.ts';
import { InvalidRequest } from './errors.ts';

const KIB = 1_024;
/** `MaxRecordSizeInKiB` of a stream: 1 MiB unless it is raised, 10 MiB at most (CreateStream, UpdateMaxRecordSize). */
export const DEFAULT_MAX_RECORD_KIB = 1_024;
export const LARGEST_MAX_RECORD_KIB = 10_240;
export const DEFAULT_MAX_RECORD_BYTES = DEFAULT_MAX_RECORD_KIB * KIB;

const MAX_PARTITION_KEY_CHARACTERS = 256;
/** Hash keys are whole numbers from 0 up to, but not including, this one. */
export const HASH_KEY_SPACE = 2n ** 128n;
const decimal = /^(0|[1-9]\d{0,38})$/;

/** @returns the limit in bytes. @throws InvalidRequest where no stream can have this limit. */
export function maxRecordBytesOf(kibibytes: number, field = 'maxRecordSizeInKiB'): number {
  const isValid =
    Number.isInteger(kibibytes) && kibibytes >= DEFAULT_MAX_RECORD_KIB && kibibytes <= LARGEST_MAX_RECORD_KIB;
  if (isValid) return kibibytes * KIB;
  const range = `a whole number from ${DEFAULT_MAX_RECORD_KIB} to ${LARGEST_MAX_RECORD_KIB}`;
  throw new InvalidRequest(field, `is ${kibibytes}, but must be ${range}`);
}

/** Data and partition key (UTF-8) together: what the limits of a record and of a request count. */
export function streamEventBytes({ partitionKey, data }: Pick<StreamEvent, 'partitionKey' | 'data'>): number {
  return data.length + Buffer.byteLength(partitionKey);
}

/** Why a stream with this limit does not take the event, as a sentence; `undefined` where it does. */
export function streamEventProblem(event: StreamEvent, maxRecordBytes: number): string | undefined {
  const { partitionKey, explicitHashKey } = event;
  return (
    partitionKeyProblem(partitionKey) ??
    (explicitHashKey === undefined ? undefined : hashKeyProblem(explicitHashKey)) ??
    sizeProblem(streamEventBytes(event), maxRecordBytes)
  );
}

export function partitionKeyProblem(partitionKey: string): string | undefined {
  const isLong = partitionKey.length > MAX_PARTITION_KEY_CHARACTERS;
  // Characters are code points; only a key that could break the limit is counted.
  const characters = isLong ? Array.from(partitionKey).length : partitionKey.length;
  if (characters < 1 || characters > MAX_PARTITION_KEY_CHARACTERS) {
    return `The partition key must have 1 to ${MAX_PARTITION_KEY_CHARACTERS} characters, but has ${characters}.`;
  }
  // UTF-8 has no lone surrogates: on the wire the key would become another one.
  if (/\p{Cs}/u.test(partitionKey)) return 'The partition key must not contain lone surrogates.';
  return undefined;
}

/** A decimal from 0 to 2^128 - 1, without leading zeros. */
export function isHashKey(text: string): boolean {
  return decimal.test(text) && BigInt(text) < HASH_KEY_SPACE;
}

export function hashKeyProblem(explicitHashKey: string): string | undefined {
  if (isHashKey(explicitHashKey)) return undefined;
  return `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`;
}

/** @param bytes Of data and partition key. */
export function sizeProblem(bytes: number, maxRecordBytes: number): string | undefined {
  if (bytes <= maxRecordBytes) return undefined;
  return `Data and partition key must have at most ${maxRecordBytes} bytes together, but have ${bytes}.`;
}
