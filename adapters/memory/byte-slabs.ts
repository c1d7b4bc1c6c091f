/**
 * Copies of small byte arrays, one behind the other in slabs of 64 KiB: an array buffer of its own costs a record more
 * than most payloads have bytes. A slab is free once nobody holds it, so that copies which are dropped in the order in
 * which they were made waste less than one slab.
 */
const SLAB_BYTES = 64 * 1_024;

/** Where a copy lies: from `start` on in `slab`. */
export interface SlabPlace {
  readonly slab: Buffer;
  readonly start: number;
}

export class ByteSlabs {
  #slab = Buffer.alloc(0);
  #used = 0;

  copy(bytes: Uint8Array): SlabPlace {
    if (bytes.length > SLAB_BYTES / 8) return { slab: Buffer.from(bytes), start: 0 };
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#slab.set(bytes, start);
    this.#used += bytes.length;
    return { slab: this.#slab, start };
  }
}
