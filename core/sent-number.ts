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

/** Whether a value is what was sent as text, digit by digit. */
export function isSentExactly(sent: string, value: number): boolean {
  return isExact(sent, value);
}

/**
 * The numbers of a JSON text as they were written. They are looked for by their value: where a text has one value exactly and once
 * more with digits that a double does not hold, each of them is taken for inexact.
 */
export class WrittenNumbers {
  readonly #json: string;
  /** Those whose value is not what was written. Most texts have none, and are not looked through at all. */
  #inexact: ReadonlyMap<number, string> | undefined;
  #hasZero = false;

  /** @param json The whole text. It must be JSON. */
  constructor(json: string) {
    this.#json = json;
  }

  /** Whether a value is what was written, digit by digit. */
  isExact(value: number): boolean {
    return isPlain(value) || this.#written(value) === undefined;
  }

  /** How a number was written; as JavaScript writes it where that says the same. */
  of(value: number): string {
    return this.#written(value) ?? String(value);
  }

  /** Whether 0 can only be a number that is too small for a double. */
  get isZeroTooSmall(): boolean {
    return this.#written(0) !== undefined && !this.#hasZero;
  }

  #written(value: number): string | undefined {
    if (value === 0 && !small.test(this.#json)) return undefined;
    this.#inexact ??= this.#lookThrough();
    return this.#inexact.get(value);
  }

  #lookThrough(): ReadonlyMap<number, string> {
    const inexact = new Map<number, string>();
    for (const [written] of this.#json.matchAll(token)) {
      if (written.startsWith('"')) continue;
      const value = Number(written);
      if (!Number.isFinite(value) || !isExact(written, value)) {
        if (!inexact.has(value)) inexact.set(value, written);
      } else if (value === 0) this.#hasZero = true;
    }
    return inexact;
  }
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
 * not looked for, as it would cost every reading.
 */
function isPlain(value: number): boolean {
  return value !== 0 && value < 1e9 && value > -1e9 && Math.round(value * 1e6) / 1e6 === value;
}

/** `1.50e3` is 15 × 10^2. The sign is no matter: a double has it. */
function normalised(written: string): readonly [digits: string, exponent: number] {
  const [, , whole = '', fraction = '', power = '0'] = parts.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return ['', 0];
  return [significant, Number(power) - fraction.length + digits.length - significant.length];
}
