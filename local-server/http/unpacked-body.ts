/**
 * Bodies of requests that are compressed (RFC 9110, section 8.4), unpacked as they come. A route that takes them says
 * `config: { packedBodies: true }`, and sets the limit of what comes out: a small body can expand to a thousand times its size.
 */
import { once } from 'node:events';
import { PassThrough, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { InvalidRequest } from '../../core/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    packedBodies?: boolean;
  }
}

type Unpacker = (first: Uint8Array) => Transform;

const unpackers = new Map<string, Unpacker>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  // Section 8.4.1.2: deflate is a zlib stream. Some clients send it without the header of zlib.
  ['deflate', ([first = 0]) => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ['br', () => zlib.createBrotliDecompress()],
  ['identity', () => new PassThrough()],
]);

// Since Node 22.15.
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Transform };
if (createZstdDecompress !== undefined) unpackers.set('zstd', () => createZstdDecompress());

/** What `Content-Encoding` may be, as `Accept-Encoding` lists it. */
export const takenEncodings = [...unpackers.keys()].filter((name) => !['identity', 'x-gzip'].includes(name)).join(', ');

/** The encoding of the body; `undefined` where it is sent as it is. */
export function encodingOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  return encoding === '' || encoding === 'identity' ? undefined : encoding;
}

/** Whether this route unpacks a body of this encoding. */
export function isUnpacked({ routeOptions }: FastifyRequest, encoding: string): boolean {
  return routeOptions.config.packedBodies === true && unpackers.has(encoding);
}

/** For the routes of a plugin: the body that they see is unpacked. `doors.ts` has refused what cannot be. */
export function unpackBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = encodingOf(request);
    const unpacker = encoding === undefined ? undefined : unpackers.get(encoding);
    if (encoding === undefined || unpacker === undefined) return payload;
    const body = new UnpackedBody(payload, encoding, unpacker);
    // Fastify compares it with Content-Length.
    return Object.defineProperty(body.stream, 'receivedEncodedLength', { get: () => body.received });
  });
}

class UnpackedBody {
  readonly stream: Readable;
  received = 0;

  constructor(payload: Readable, encoding: string, unpacker: Unpacker) {
    this.stream = Readable.from(this.#unpack(payload, encoding, unpacker), { objectMode: false });
  }

  async *#unpack(payload: Readable, encoding: string, unpacker: Unpacker): AsyncGenerator<Uint8Array> {
    const packed = this.#counted(payload);
    const first = await packed.next();
    if (first.done === true) return;
    const transform = unpacker(first.value);
    const source = Readable.from(chained(first.value, packed), { objectMode: false });
    source.on('error', (error) => transform.destroy(error));
    try {
      for await (const chunk of source.pipe(transform)) yield chunk as Uint8Array;
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      // zlib's own, those of Brotli, and those of zstd.
      if (!/^(?:Z_|ERR__|ERR_BROTLI|ERR_ZSTD|ZSTD_|ERR_PADDING|ERR_FORMAT)/.test(code)) throw error;
      throw new InvalidRequest('content-encoding', `is ${encoding}, but the body is not (${message})`);
    } finally {
      source.destroy();
      if (!source.closed) await once(source, 'close');
    }
  }

  async *#counted(payload: Readable): AsyncGenerator<Uint8Array, undefined> {
    // What is not read here is read to its end elsewhere, so that the client hears the answer.
    for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      this.received += chunk.length;
      yield chunk;
    }
    return undefined;
  }
}

async function* chained(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
