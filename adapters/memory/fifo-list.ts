/** A list that grows at its end and shrinks at its front, both in amortised constant time, with access by index. */
export class FifoList<Item> {
  /** Slots before `#head` are empty: what was taken out is free for the garbage collector at once. */
  #slots: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#slots.length - this.#head;
  }

  /** The item at an index from 0 to `length` - 1. */
  at(index: number): Item | undefined {
    return this.#slots[this.#head + index];
  }

  push(item: Item): void {
    this.#slots.push(item);
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head++] = undefined;
    // Each move of the rest follows at least as many shifts as items are moved.
    if (this.#head >= 1_024 && this.#head * 2 >= this.#slots.length) {
      this.#slots = this.#slots.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
