/** Elements of a JSON array as they were sent: parsed and written again, large numbers would not be the same. */

const [QUOTE, COMMA, OPENING_BRACKET, BACKSLASH, CLOSING_BRACKET, OPENING_BRACE, CLOSING_BRACE] = [
  0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d,
];
/** Space, tab, line feed, carriage return: all white space that JSON has is below. */
const SPACE = 0x20;

/**
 * The bytes of each element, without the white space around it: views of `body`, in order.
 * @param body Holds an array that JSON.parse takes; what is no such array gives no meaningful bytes.
 */
export function jsonElements(body: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let depth = 0;
  /** Where the element begins and, as far as is known, ends. */
  let start = -1;
  let end = -1;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte <= SPACE) continue;
    if (depth === 1 && (byte === COMMA || byte === CLOSING_BRACKET)) {
      if (start !== -1) elements.push(body.subarray(start, end));
      if (byte === CLOSING_BRACKET) return elements;
      start = -1;
      continue;
    }
    if (depth > 0 && start === -1) start = at;
    if (byte === QUOTE) at = closingQuote(body, at);
    else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) depth += 1;
    else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) depth -= 1;
    end = at + 1;
  }
  return elements;
}

/** Where the string ends that begins at a quote. In UTF-8 no byte of a longer character looks like one of these. */
function closingQuote(body: Uint8Array, from: number): number {
  for (let at = from + 1; at < body.length; at += 1) {
    if (body[at] === QUOTE) return at;
    if (body[at] === BACKSLASH) at += 1;
  }
  return body.length;
}
