/**
 * Sensor ids: 1–256 characters (Unicode code points), because the id is the partition key in Kinesis, which takes as
 * many. No control characters, and no lone surrogates, which no UTF-8 can carry. As a key of DynamoDB an id may have
 * 2,048 bytes; 256 characters of at most 4 bytes stay within that, so that only the characters need counting.
 */
export const MAX_SENSOR_ID_CHARACTERS = 256;
export const MAX_SENSOR_ID_BYTES = 2_048;

const forbidden = /[\p{Cc}\p{Cs}]/u;

/** What is wrong with the id, in words that end the sentence "sensorid …"; `undefined` if nothing is. */
export function sensorIdProblem(id: string): string | undefined {
  if (id === '') return 'must not be empty';
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
