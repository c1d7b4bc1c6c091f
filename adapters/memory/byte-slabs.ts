/**
 * Copies of small byte arrays, one behind the other in slabs of 64 KiB: an array buffer of its own costs a record more
 * than most payloads have bytes. A slab is free once none of its copies is held, so that copies which are dropped in
 * the order in which they were made waste less than one slab.
 */
const SLAB_BYTES = 64 * 1_024;

export class ByteSlabs {
  #slab = new Uint8Array(0);
  #used = 0;

  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SLAB_BYTES / 8) return new Uint8Array(bytes);
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += bytes.length;
    this.#slab.set(bytes, start);
    return this.#slab.subarray(start, this.#used);
  }
}
