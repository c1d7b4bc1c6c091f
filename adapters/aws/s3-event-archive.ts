/**
 * The archive in S3. It leaves one object per key in the bucket, under a prefix where one is given. S3 encrypts it
 * (SSE-S3) and keeps it until someone or a lifecycle rule of the bucket deletes it; nothing here deletes.
 *
 * A put creates, and never replaces: it carries `If-None-Match: *`. S3 answers 412 where the key is taken, also by a put of
 * ours whose answer was lost; so the object is read then, which needs `s3:GetObject`, and the same bytes are a success. 409
 * says that another put of the key is under way: it is retried (S3 User Guide, "Conditional writes").
 *
 * Metadata follows from the key: `….ndjson.gz` is `application/x-ndjson` with `Content-Encoding: gzip`. To S3 that is
 * metadata: `aws s3 cp` and the SDKs give the gzip as stored, and only browsers and `fetch` unpack it on their way.
 *
 * Checksums are the SDK's default: a CRC32 of what is put, which S3 checks, and of what is got, which the SDK checks.
 * The order of keys is that of general purpose buckets (UTF-8 bytes); directory buckets list in none.
 */
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { archivedContent } from '../../core/archived-content.ts';
import { KeyTaken, ObjectTooLarge, StoreUnavailable } from '../../core/errors.ts';
import type { ArchivedObject, CallOptions, EventArchive, ListOptions } from '../../core/ports.ts';
import { Backoff, type BackoffOptions, type RemainingMillis } from './backoff.ts';
import { codeOf, unavailable } from './translate-error.ts';

/** ListObjectsV2: "returns up to 1,000 objects". */
const MAX_KEYS = 1_000;
/** S3 User Guide, "Naming Amazon S3 objects": the UTF-8 encoding of a key is at most 1,024 bytes long. */
const MAX_KEY_BYTES = 1_024;
/** What an invocation can hold (6 MB) makes an object of a fraction of this. A bucket may hold objects of 5 TB. */
const MAX_OBJECT_BYTES = 64 * 1_048_576;

export interface S3EventArchiveOptions extends BackoffOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Stands before every key in the bucket, such as `quarantine/`, and is not seen by callers; empty unless given. */
  readonly prefix?: string;
  /** What errors call it; `archive` unless given. */
  readonly store?: string;
  /** How long a call is retried whose caller sets no limit; 10,000 unless given. */
  readonly patienceMillis?: number;
}

export class S3EventArchive implements EventArchive {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #store: string;
  readonly #patienceMillis: number;
  readonly #backoff: Backoff;

  constructor({
    client,
    bucket,
    prefix = '',
    store = 'archive',
    patienceMillis = 10_000,
    ...backoff
  }: S3EventArchiveOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#store = store;
    this.#patienceMillis = patienceMillis;
    this.#backoff = new Backoff(backoff);
  }

  async put(key: string, body: Uint8Array, options: CallOptions = {}): Promise<void> {
    const command = new PutObjectCommand({ ...this.#locate(key), ...contentOf(key), Body: body, IfNoneMatch: '*' });
    const problem = `did not take ${key}`;
    const existing = await this.#retry(problem, options.remainingMillis, async (abortSignal) => {
      try {
        await this.#client.send(command, { abortSignal });
        return undefined;
      } catch (error) {
        if (codeOf(error) !== 'PreconditionFailed') throw error;
      }
      const object = await this.#read(key, abortSignal);
      // Deleted in between: the retry finds the key free.
      if (object === undefined) throw new StoreUnavailable(this.#store, `${key} was there and is not`);
      return object;
    });
    if (existing === undefined) return;
    const bytes = typeof existing === 'number' ? new Uint8Array() : existing;
    if (typeof existing === 'number' || Buffer.compare(bytes, body) !== 0) throw new KeyTaken(this.#store, key, bytes);
  }

  async list({ prefix = '', after = '', limit }: ListOptions): ReturnType<EventArchive['list']> {
    // One object more than wanted tells whether any follow.
    const wanted = limit + 1;
    const objects: ArchivedObject[] = [];
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: this.#prefix + prefix,
        // Starting behind the prefix leaves out the empty object by which the console shows a folder.
        ...(this.#prefix + after !== '' && { StartAfter: this.#prefix + after }),
        ...(token !== undefined && { ContinuationToken: token }),
        MaxKeys: Math.min(wanted - objects.length, MAX_KEYS),
        // XML can carry neither control characters nor all white space of a key.
        EncodingType: 'url',
      });
      const page = await this.#retry('could not be listed', undefined, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      for (const { Key = '', Size = 0, LastModified, ETag = '' } of page.Contents ?? []) {
        objects.push({
          key: decodeKey(Key, page.EncodingType).slice(this.#prefix.length),
          size: Size,
          modifiedAt: LastModified?.getTime() ?? 0,
          etag: ETag.replaceAll('"', ''),
        });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined && objects.length < wanted);
    return { objects: objects.slice(0, limit), more: objects.length > limit };
  }

  /**
   * Needs `s3:ListBucket` besides `s3:GetObject`: without it S3 answers 403 for a key that is not there, which is thrown
   * like every missing permission.
   */
  async get(key: string): Promise<Uint8Array | undefined> {
    if (!isPossible(this.#prefix + key)) return undefined;
    const object = await this.#retry(`did not give ${key}`, undefined, (abortSignal) => this.#read(key, abortSignal));
    if (typeof object === 'number') throw new ObjectTooLarge(this.#store, key, object, MAX_OBJECT_BYTES);
    return object;
  }

  /** Its bytes, or how many there are where they are too many. */
  async #read(key: string, abortSignal: AbortSignal): Promise<Uint8Array | number | undefined> {
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(new GetObjectCommand(this.#locate(key)), {
        abortSignal,
      });
      if (ContentLength <= MAX_OBJECT_BYTES) return await Body?.transformToByteArray();
      if (Body instanceof Readable) Body.destroy();
      return ContentLength;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  #locate(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  async #retry<Result>(
    problem: string,
    remaining: RemainingMillis = this.#backoff.countDown(this.#patienceMillis),
    work: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#backoff.retry(remaining, work);
    } catch (error) {
      throw unavailable(this.#store, problem, error);
    }
  }
}

function contentOf(key: string): Pick<PutObjectCommandInput, 'ContentType' | 'ContentEncoding'> {
  const content = archivedContent(key);
  if (content === undefined) return {};
  const { contentType: ContentType, contentEncoding } = content;
  return { ContentType, ...(contentEncoding !== undefined && { ContentEncoding: contentEncoding }) };
}

/** S3 encodes keys as forms do: `+` is a space. */
function decodeKey(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;
}

/**
 * Nothing that the project puts is under another key, and asking for it is an error of its own: S3 answers 400 to lone
 * surrogates and long keys, and an emulator answers HTML to control characters, which its router does not match.
 */
function isPossible(key: string): boolean {
  return key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && !/[\p{Cs}\p{Cc}]/u.test(key);
}
