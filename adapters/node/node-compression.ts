/** gzip by zlib, in its thread pool. The header carries no time: the same bytes compress to the same bytes. */
import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip } from 'node:zlib';
import type { Compression } from '../../core/ports.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Far above any object of the archive (an invocation holds 6 MB), and far below what one can expand to (a thousandfold). */
const MAX_DECOMPRESSED_BYTES = 64 * 1_048_576;

/** zlib's default. */
const LEAST_CHUNK_BYTES = 16 * 1_024;

export class NodeCompression implements Compression {
  readonly #maxDecompressedBytes: number;

  constructor(maxDecompressedBytes = MAX_DECOMPRESSED_BYTES) {
    this.#maxDecompressedBytes = maxDecompressedBytes;
  }

  async compress(bytes: Uint8Array): Promise<Uint8Array> {
    // Each piece of output is a way to the thread and back: lines of a fleet shrink to less than a quarter, one piece.
    return compress(bytes, { level: 6, chunkSize: Math.max(LEAST_CHUNK_BYTES, bytes.length >> 2) });
  }

  /** @throws Error where the bytes are no whole gzip, or expand to more than the bound (`ERR_BUFFER_TOO_LARGE`). */
  async decompress(bytes: Uint8Array, maxBytes = this.#maxDecompressedBytes): Promise<Uint8Array> {
    // zlib takes no bound of 0.
    return decompress(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  }

  /** @throws Error as `decompress` does. */
  decompressNow(bytes: Uint8Array, maxBytes: number): Uint8Array {
    return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  }
}
