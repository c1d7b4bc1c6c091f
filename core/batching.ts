/** Splitting by count and by bytes, as every bulk call of AWS wants it. */

export interface BatchLimits<Item> {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Bytes that one item takes of `maxBytes`. */
  readonly bytesOf: (item: Item) => number;
}

export interface Batches<Item> {
  /** In the order given; none is empty, none breaks a limit. */
  readonly batches: readonly (readonly Item[])[];
  /** Items that break `maxBytes` on their own: no batch can hold them. */
  readonly oversized: readonly { readonly item: Item; readonly bytes: number }[];
}

/** Fills each batch as far as the limits allow before it opens the next. */
export function splitIntoBatches<Item>(items: Iterable<Item>, limits: BatchLimits<Item>): Batches<Item> {
  const batches: Item[][] = [];
  const oversized: { item: Item; bytes: number }[] = [];
  let batch: Item[] = [];
  let used = 0;
  for (const item of items) {
    const bytes = limits.bytesOf(item);
    if (bytes > limits.maxBytes) {
      oversized.push({ item, bytes });
      continue;
    }
    if (batch.length > 0 && (batch.length >= limits.maxItems || used + bytes > limits.maxBytes)) {
      batches.push(batch);
      batch = [];
      used = 0;
    }
    batch.push(item);
    used += bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return { batches, oversized };
}
