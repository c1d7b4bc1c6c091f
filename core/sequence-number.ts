/**
 * Kinesis sequence numbers: decimal strings without leading zeros, up to 129 digits (`0|([1-9]\d{0,128})`). They are
 * larger than a number can hold, and string order is wrong for unequal lengths, so they are compared by length first.
 */
const pattern = /^(0|[1-9]\d{0,128})$/;

export function isSequenceNumber(text: string): boolean {
  return pattern.test(text);
}

/** Negative if `a` comes first in its shard, positive if `b` does, 0 if they are the same. */
export function compareSequenceNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
