/**
 * Sensor ids as values of a CloudWatch dimension, which takes ASCII without control characters, 1 to 1,024 of them, and
 * not white space alone (API Reference, "Dimension"), where a sensor id takes any 256 characters of Unicode.
 *
 * - An ASCII id is its own value, so that people find it in the console.
 * - Any other is `percent:` and its percent-encoding: `Küche` is `percent:K%C3%BCche`.
 * - Where that is too long (from about 112 emoji on), it is `packed:` and the base64url digits of the code points, 21 bits
 *   each: at most 903 characters.
 *
 * Ids that would be mistaken for an encoded one are encoded as well, so that every value has one id.
 */
const MAX_VALUE_CHARACTERS = 1_024;
const PERCENT = 'percent:';
const PACKED = 'packed:';

const BITS_OF_CODE_POINT = 21;
const BITS_OF_DIGIT = 6;
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Spaces at either end are encoded, since a service might trim them. */
const isPlain = /^(?!percent:|packed:)[!-~](?:[ -~]*[!-~])?$/;

/** @param sensorId One that `sensorIdProblem` finds nothing wrong with. */
export function formatSensorIdDimension(sensorId: string): string {
  if (isPlain.test(sensorId)) return sensorId;
  const percent = PERCENT + encodeURIComponent(sensorId);
  return percent.length <= MAX_VALUE_CHARACTERS ? percent : PACKED + pack(sensorId);
}

/** Undoes `formatSensorIdDimension`. */
export function parseSensorIdDimension(value: string): string {
  if (value.startsWith(PERCENT)) return decodeURIComponent(value.slice(PERCENT.length));
  if (value.startsWith(PACKED)) return unpack(value.slice(PACKED.length));
  return value;
}

function pack(text: string): string {
  const bits = Array.from(text, (character) => bitsOf(character.codePointAt(0) ?? 0, BITS_OF_CODE_POINT)).join('');
  return groupsOf(bits.padEnd(Math.ceil(bits.length / BITS_OF_DIGIT) * BITS_OF_DIGIT, '0'), BITS_OF_DIGIT)
    .map((group) => digits.charAt(group))
    .join('');
}

/** The bits that fill up the last digit are too few for another code point. */
function unpack(packed: string): string {
  const bits = Array.from(packed, (digit) => bitsOf(digits.indexOf(digit), BITS_OF_DIGIT)).join('');
  return String.fromCodePoint(...groupsOf(bits, BITS_OF_CODE_POINT));
}

function bitsOf(number: number, width: number): string {
  return number.toString(2).padStart(width, '0');
}

/** The numbers that whole groups of so many bits make. */
function groupsOf(bits: string, width: number): number[] {
  return Array.from({ length: Math.floor(bits.length / width) }, (_, index) =>
    Number.parseInt(bits.slice(index * width, (index + 1) * width), 2),
  );
}
