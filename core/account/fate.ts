/** What can become of a record, and how that is kept in 16 bits a record. */

/** The consumer that archives and the one that stores readings. */
export type Side = 'archive' | 'store';
export const sides = ['archive', 'store'] as const satisfies readonly Side[];

/**
 * `replaced`: a later reading of the batch has the same sensor and timestamp. `left out`: the consumer's filters or its starting
 * position leave the record to nobody. `given up`: the failure destination has it. `lost`: nobody has it, as far as is known.
 */
const fates = ['open', 'archived', 'stored', 'quarantined', 'replaced', 'given up', 'left out', 'lost'] as const;
export type Fate = (typeof fates)[number];

const codes = Object.fromEntries(fates.map((fate, code) => [fate, code])) as Readonly<Record<Fate, number>>;

// Comparisons: a look into a table by name takes longer, and every record asks a dozen times.
const shiftOf = (side: Side): number => (side === 'archive' ? 0 : 3);
const readBit = (side: Side): number => (side === 'archive' ? 1 << 6 : 1 << 7);

/** A client was told that the stream took the record. */
export const CLAIMED = 1 << 8;

export function fateOf(state: number, side: Side): Fate {
  return fates[(state >> shiftOf(side)) & 7] ?? 'open';
}

export function isOpen(state: number, side: Side): boolean {
  return ((state >> shiftOf(side)) & 7) === 0;
}

export function withFate(state: number, side: Side, fate: Fate): number {
  return (state & ~(7 << shiftOf(side))) | (codes[fate] << shiftOf(side));
}

export function wasRead(state: number, side: Side): boolean {
  return (state & readBit(side)) !== 0;
}

export function withRead(state: number, side: Side): number {
  return state | readBit(side);
}
