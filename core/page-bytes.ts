/** How many of the first items have at most `maxBytes` together; one at least, so that whoever pages gets on. */
export function countWithin<Item>(
  items: readonly Item[],
  maxBytes: number | undefined,
  bytesOf: (item: Item) => number,
): number {
  let bytes = 0;
  const first = items.findIndex((item, index) => {
    bytes += bytesOf(item);
    return index > 0 && bytes > (maxBytes ?? Infinity);
  });
  return first === -1 ? items.length : first;
}
