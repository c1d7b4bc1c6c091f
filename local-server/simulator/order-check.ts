/** Per device the numbers must grow; one that was there already is a duplicate, not a break of the order. */
export class OrderCheck {
  /** How many numbers came again. */
  repeated = 0;
  outOfOrder = 0;
  readonly #latest = new Map<string, number>();
  #seen = new Uint8Array(1_024);

  /** Whether the number is new. */
  add(device: string, n: number): boolean {
    if (this.#hasSeen(n)) {
      this.repeated++;
      return false;
    }
    const latest = this.#latest.get(device) ?? -1;
    if (n < latest) this.outOfOrder++;
    else this.#latest.set(device, n);
    return true;
  }

  /** A bit per number. */
  #hasSeen(n: number): boolean {
    const byte = Math.floor(n / 8);
    const bit = 1 << (n % 8);
    if (byte >= this.#seen.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(byte + 1)));
      larger.set(this.#seen);
      this.#seen = larger;
    }
    const before = this.#seen[byte] ?? 0;
    this.#seen[byte] = before | bit;
    return (before & bit) !== 0;
  }
}
