/**
 * Sensor ids: 1–256 characters (Unicode code points), because the id is the partition key in Kinesis, which takes as
 * many. No control characters, and no lone surrogates, which no UTF-8 can carry. As a key of DynamoDB an id may have
 * 2,048 bytes; 256 characters of at most 4 bytes stay within that, so that only the characters need counting.
 *
 * `.` and `..` are none: every URL client takes them out of a path, so that nobody could ask for such a sensor
 * (https://url.spec.whatwg.org/#double-dot-path-segment).
 */
export const MAX_SENSOR_ID_CHARACTERS = 256;
export const MAX_SENSOR_ID_BYTES = 2_048;

const forbidden = /[\p{Cc}\p{Cs}]/u;

/** What is wrong with the id, in words that end the sentence "sensorid …"; `undefined` if nothing is. */
export function sensorIdProblem(id: string): string | undefined {
  if (id === '') return 'must not be empty';
  if (id === '.' || id === '..') return 'must not be . or .., which no URL can have as a part of its path';
  // Most ids are short, and a character is at most two UTF-16 units: only what is in between must be counted.
  const tooLong =
    id.length > MAX_SENSOR_ID_CHARACTERS * 2 ||
    (id.length > MAX_SENSOR_ID_CHARACTERS && Array.from(id).length > MAX_SENSOR_ID_CHARACTERS);
  if (tooLong) return `must have at most ${MAX_SENSOR_ID_CHARACTERS} characters`;
  const character = forbidden.exec(id)?.[0];
  if (character === undefined) return undefined;
  const codePoint = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return /\p{Cs}/u.test(character)
    ? `must not contain the lone surrogate ${codePoint}`
    : `must not contain the control character ${codePoint}`;
}

/** Drawn as nothing, or as nothing at an end: zero-width characters, soft hyphens, variation selectors, marks of direction. */
const invisible = /[\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\u00a0\u115f\u1160\u3164]|\u034f/u;
const blankAtEnd = /^\s|\s$/u;

/** Why an id may look like another one, in words that end the sentence "sensorid …"; `undefined` where it does not. */
export function sensorIdNotice(id: string): string | undefined {
  if (isPlainAscii.test(id)) return undefined;
  if (blankAtEnd.test(id)) return 'begins or ends with a blank';
  const character = invisible.exec(id.replace(emoji, ''))?.[0];
  if (character !== undefined) {
    return `has a character that is not seen, U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return id.normalize('NFC') === id ? undefined : 'is not in the normal form NFC, and looks like the id that is';
}

const isPlainAscii = /^[!-~](?:[ -~]*[!-~])?$/;
/** They are joined and varied by characters that are not seen by themselves. */
const emoji = /\p{Extended_Pictographic}(?:[\u{1f3fb}-\u{1f3ff}]|\ufe0f|\u200d\p{Extended_Pictographic})*/gu;
