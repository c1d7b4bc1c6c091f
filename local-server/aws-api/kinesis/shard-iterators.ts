/**
 * Shard iterators: where to read on, sealed, so that a client can neither read nor change them. They are good for five
 * minutes of running time: a clock that is set, or moved on by the lab, makes none of them expire.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Clock, EpochMillis, ShardPosition } from '../../../core/ports.ts';
import { AwsError } from '../aws-error.ts';

/** API reference of GetShardIterator. */
const LIFETIME_MILLIS = 300_000;

/** In front of every iterator of Kinesis (kinesalite, test/helpers.js). */
const VERSION = Buffer.from('0000000000000001', 'hex');
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Hides how long the content is; iterators of Kinesis have 8 bytes and a multiple of 16. */
const CONTENT_BYTES = 244;
const SEALED_FROM = VERSION.length + NONCE_BYTES + TAG_BYTES;

export interface ReadPoint {
  readonly shardId: string;
  readonly position: ShardPosition;
}

interface Content extends ReadPoint {
  /** Of the monotonic clock. */
  readonly issuedAt: number;
  /** Of the wall clock, for the message. */
  readonly createdAt: EpochMillis;
}

export interface ShardIteratorsOptions {
  readonly clock: Clock;
  /** Milliseconds that never go back; `performance.now` unless given. */
  readonly monotonic?: (() => number) | undefined;
}

export class ShardIterators {
  readonly #clock: Clock;
  readonly #monotonic: () => number;
  /** Of this process: an iterator does not survive a restart, nor does the stream that it points into. */
  readonly #key = randomBytes(32);

  constructor({ clock, monotonic = () => performance.now() }: ShardIteratorsOptions) {
    this.#clock = clock;
    this.#monotonic = monotonic;
  }

  issue({ shardId, position }: ReadPoint): string {
    const content: Content = {
      shardId,
      position,
      issuedAt: Math.trunc(this.#monotonic()),
      createdAt: this.#clock.now(),
    };
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce);
    const sealed = [cipher.update(JSON.stringify(content).padEnd(CONTENT_BYTES)), cipher.final()];
    return Buffer.concat([VERSION, nonce, cipher.getAuthTag(), ...sealed]).toString('base64');
  }

  /** @throws AwsError where the iterator was not given here, was changed, or is too old. */
  open(iterator: string): ReadPoint {
    const { issuedAt, createdAt, ...point } = this.#unseal(iterator);
    if (this.#monotonic() - issuedAt < LIFETIME_MILLIS) return point;
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${formatTime(createdAt)} while right now it is ${formatTime(this.#clock.now())} which is further in the future than the tolerated delay of ${LIFETIME_MILLIS} milliseconds.`,
    );
  }

  #unseal(iterator: string): Content {
    const bytes = Buffer.from(iterator, 'base64');
    try {
      if (bytes.toString('base64') !== iterator) throw new TypeError('it is not base64');
      const decipher = createDecipheriv(
        ALGORITHM,
        this.#key,
        bytes.subarray(VERSION.length, VERSION.length + NONCE_BYTES),
      );
      decipher.setAuthTag(bytes.subarray(SEALED_FROM - TAG_BYTES, SEALED_FROM));
      const content = [decipher.update(bytes.subarray(SEALED_FROM)), decipher.final()];
      return JSON.parse(Buffer.concat(content).toString()) as Content;
    } catch {
      throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.');
    }
  }
}

/** As Kinesis writes it: `Thu Jan 22 01:22:02 UTC 2015`. */
function formatTime(time: EpochMillis): string {
  const [, weekday, day, month, year, clock] =
    /^(\w+), (\d+) (\w+) (\d+) (.+) GMT$/.exec(new Date(time).toUTCString()) ?? [];
  return `${weekday} ${month} ${day} ${clock} UTC ${year}`;
}
