/** Figures of several runs. The median is what is quoted: a noisy machine moves it least. */

/** @param share From 0 to 1; 0.5 is the median. The smallest value that at least this share of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const inOrder = values.toSorted((a, b) => a - b);
  const value = inOrder[Math.max(0, Math.ceil(share * inOrder.length) - 1)];
  if (value === undefined) throw new RangeError('no values, no percentile');
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
