/** gzip, unpacked as it is sent: what a small object can expand to never is in memory as a whole. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Some forty times what an object of the archive can have. */
const MAX_BYTES = 256 * 1_048_576;

/**
 * @returns The bytes as a stream, which fails where they become too many or the gzip ends early.
 * @throws Error where the object does not begin as gzip.
 */
export async function unpacked(gzip: Uint8Array, maxBytes = MAX_BYTES): Promise<Readable> {
  const chunks = Readable.from([gzip]).pipe(createGunzip())[Symbol.asyncIterator]() as AsyncIterator<
    Uint8Array,
    undefined
  >;
  // Waits for the first: after it, the answer has begun and cannot become an error any more.
  const first = await chunks.next();
  return Readable.from(limited(first, chunks, maxBytes), { objectMode: false });
}

async function* limited(
  first: IteratorResult<Uint8Array, undefined>,
  chunks: AsyncIterator<Uint8Array, undefined>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for (let next = first; next.done !== true; next = await chunks.next()) {
      bytes += next.value.length;
      if (bytes > maxBytes) throw new Error(`the object unpacks to more than ${maxBytes} bytes`);
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}
