/** Many calls at once, but never more than a client and a service bear. */

/**
 * The results of `work` in the order of the items, of which at most `most` are worked on at a time.
 * @throws What the first item threw that failed; no further item is begun then, and those under way are waited for.
 */
export async function mapInParallel<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const failures: unknown[] = [];

  async function takeFromLeft(): Promise<void> {
    for (const [index, item] of left) {
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  }

  await Promise.all(Array.from({ length: Math.min(most, items.length) }, takeFromLeft));
  if (failures.length > 0) throw failures[0];
  return results;
}
