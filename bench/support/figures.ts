/** Figures as the answers have them. */

/** A whole number with commas: `1,000,000`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function mebibytes(bytes: number): number {
  return bytes / 2 ** 20;
}
