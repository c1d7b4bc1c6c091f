/**
 * Copies of small byte arrays, one behind the other in slabs of 64 KiB: an array buffer of its own costs a record more
 * than most payloads have bytes. A slab is free once nobody holds it, so that copies which are dropped in the order in
 * which they were made waste less than one slab.
 */
const SLAB_BYTES = 64 * 1_024;
/** From here on a copy gets memory of its own. */
const LARGE = SLAB_BYTES / 8;
/** Between neighbours there is a comma or a line feed, or what aligns the pieces of Node's pool. */
const MOST_BETWEEN = 8;

export class ByteSlabs {
  #slab = Buffer.alloc(0);
  #used = 0;

  /**
   * Copies all pieces, and hands over where each lies: from `start` on in `slab`. Pieces that are neighbours in their own
   * memory, as the readings of one request are, are copied in one go with the few bytes between them: a call for each
   * takes longer than the copying.
   */
  copy(pieces: readonly Uint8Array[], place: (index: number, slab: Buffer, start: number) => void): void {
    let first = 0;
    while (first < pieces.length) first = this.#copyNeighbours(pieces, first, place);
  }

  /** @returns The index behind the last piece that was copied. */
  #copyNeighbours(
    pieces: readonly Uint8Array[],
    first: number,
    place: (index: number, slab: Buffer, start: number) => void,
  ): number {
    const piece = pieces[first];
    if (piece === undefined) return first + 1;
    if (piece.length > LARGE) {
      place(first, Buffer.from(piece), 0);
      return first + 1;
    }
    if (this.#used + piece.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const { buffer, byteOffset } = piece;
    const room = this.#slab.length - this.#used;
    let length = piece.length;
    let end = first + 1;
    place(first, this.#slab, this.#used);
    for (; end < pieces.length; end += 1) {
      const next = pieces[end];
      if (next?.buffer !== buffer || next.length > LARGE) break;
      const start = next.byteOffset - byteOffset;
      if (start < length || start > length + MOST_BETWEEN || start + next.length > room) break;
      place(end, this.#slab, this.#used + start);
      length = start + next.length;
    }
    this.#slab.set(length === piece.length ? piece : new Uint8Array(buffer, byteOffset, length), this.#used);
    this.#used += length;
    return end;
  }
}
