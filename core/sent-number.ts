/**
 * Numbers as they were written. A double has some 16 digits, and none below 5e-324: what a device writes beyond that is gone once
 * JSON is parsed. A reading whose value is not quite what was sent is kept, and says so.
 */

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const parts = /^\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?\s*$/;
/** Fewer significant digits than these a double holds, whatever they are (IEEE 754: 15). */
const HELD_DIGITS = 16;

/** A number that may be too small for a double. */
const small = /\d[eE]-/;

/**
 * Whether a value is what was sent, digit by digit.
 * @param json The text in which a number stands; where there is none, its digits cannot be compared.
 */
export function isSentExactly(sent: string | number, value: number, json: string | undefined): boolean {
  if (typeof sent === 'string') return isExact(sent, value);
  return json === undefined || isPlain(value, json) || isExact(writtenNumber(value, json), value);
}

/**
 * How a number of JSON was written; as JavaScript writes it where that cannot be found.
 * @param json The whole text in which it stands. Where it has several tokens of that value, the first one that is not exact.
 */
export function writtenNumber(value: number, json: string | undefined): string {
  let exact: string | undefined;
  for (const [written] of json?.matchAll(token) ?? []) {
    if (written.startsWith('"') || Number(written) !== value) continue;
    if (!isExact(written, value)) return written;
    exact ??= written;
  }
  return exact ?? String(value);
}

function isExact(written: string, value: number): boolean {
  if (written.length < HELD_DIGITS && value !== 0) return true;
  const plain = String(value);
  if (written === plain) return true;
  const [digits, exponent] = normalised(written);
  const [ownDigits, ownExponent] = normalised(plain);
  return digits === ownDigits && exponent === ownExponent;
}

/**
 * What most devices send: six decimals at most. Digits that a double does not hold are less than a part in 10^16 of it then, which is
 * not looked for, as it would cost every reading. 0 may have been 1e-400.
 */
function isPlain(value: number, json: string): boolean {
  if (value === 0) return !small.test(json);
  return value < 1e9 && value > -1e9 && Math.round(value * 1e6) / 1e6 === value;
}

/** `1.50e3` is 15 × 10^2. The sign is no matter: a double has it. */
function normalised(written: string): readonly [digits: string, exponent: number] {
  const [, , whole = '', fraction = '', power = '0'] = parts.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return ['', 0];
  return [significant, Number(power) - fraction.length + digits.length - significant.length];
}
