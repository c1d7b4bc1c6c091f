/** A first-in, first-out list whose front can be read and taken in runs without moving the rest each time. */
export class Queue<Item> {
  #items: Item[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  /** The first `count` items, which stay. */
  front(count: number): Item[] {
    return this.#items.slice(this.#head, this.#head + count);
  }

  /** Takes the first `count` items away. */
  drop(count: number): void {
    this.#head = Math.min(this.#head + count, this.#items.length);
    // Moving the rest costs as much as has been taken since the last time: constant per item.
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  [Symbol.iterator](): IterableIterator<Item> {
    return this.#items.slice(this.#head).values();
  }
}
