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
    this.#head += count;
    // Moves fewer items than were taken since the last time: constant per item. What was taken is let go by then, so that
    // a queue never holds more of it than it has waiting.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
