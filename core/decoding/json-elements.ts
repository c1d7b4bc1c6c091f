/** Elements of a JSON array as they were sent: parsed and written again, large numbers would not be the same. */

const [QUOTE, COMMA, OPENING_BRACKET, BACKSLASH, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE] = [
  0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d,
];
/** Space, tab, line feed, carriage return: all white space that JSON has is below. */
const SPACE = 0x20;

/** What a byte is outside of strings; looked up, because most are none of the others. */
const [OTHER, WHITE_SPACE, STRING, OPENING, CLOSING, SEPARATOR] = [0, 1, 2, 3, 4, 5];
const kinds = new Uint8Array(256).fill(OTHER).fill(WHITE_SPACE, 0, SPACE + 1);
kinds[QUOTE] = STRING;
kinds[OPENING_BRACKET] = kinds[OPENING_BRACE] = OPENING;
kinds[CLOSING_BRACKET] = kinds[CLOSING_BRACE] = CLOSING;
kinds[COMMA] = SEPARATOR;

/**
 * The bytes of each element, without the white space around it: views of `body`, in order, at most `size` at a time. An
 * array of 8 MiB may have four million elements, so that they must not all be held.
 * @param body Holds an array that is closed (`arrayEnd`); its elements need not be JSON.
 */
export function* jsonElements(body: Uint8Array, size: number): Generator<readonly Uint8Array[]> {
  let elements: Uint8Array[] = [];
  let depth = 0;
  /** Where the element begins and, as far as is known, ends. */
  let start = -1;
  let end = -1;
  for (let at = body.indexOf(OPENING_BRACKET) + 1; at < body.length; at += 1) {
    const kind = kinds[body[at] ?? 0];
    if (kind === WHITE_SPACE) continue;
    if (depth === 0 && (kind === SEPARATOR || kind === CLOSING)) {
      if (start !== -1) elements.push(body.subarray(start, end));
      if (elements.length === size || (kind === CLOSING && elements.length > 0)) {
        yield elements;
        elements = [];
      }
      if (kind === CLOSING) return;
      start = -1;
      continue;
    }
    if (start === -1) start = at;
    if (kind === STRING) {
      // On to the closing quote. In UTF-8 no byte of a longer character looks like one of these.
      for (at += 1; at < body.length && body[at] !== QUOTE; at += 1) if (body[at] === BACKSLASH) at += 1;
    } else if (kind === OPENING) depth += 1;
    else if (kind === CLOSING) depth -= 1;
    end = at + 1;
  }
}

/** Where the array that the body begins with is closed, and only white space follows; `undefined` where it is not. */
export function arrayEnd(body: Uint8Array): number | undefined {
  let depth = 0;
  for (let at = body.indexOf(OPENING_BRACKET); at !== -1 && at < body.length; at += 1) {
    const kind = kinds[body[at] ?? 0];
    if (kind === STRING) {
      for (at += 1; at < body.length && body[at] !== QUOTE; at += 1) if (body[at] === BACKSLASH) at += 1;
    } else if (kind === OPENING) depth += 1;
    else if (kind === CLOSING && (depth -= 1) === 0) {
      const rest = body.subarray(at + 1);
      return rest.every((byte) => kinds[byte] === WHITE_SPACE) ? at : undefined;
    }
  }
  return undefined;
}
