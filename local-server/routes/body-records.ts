/** The records that a body of JSON holds: the elements of an array, the lines of NDJSON, or the body itself. */
import { Content, hasByteOrderMark } from '../../core/decoding/content.ts';
import { arrayEnd, jsonElements } from '../../core/decoding/json-elements.ts';
import { looksLike } from '../../core/decoding/looks-like.ts';
import { senml } from '../../core/decoding/senml.ts';

const [OPENING_BRACKET, LINE_FEED] = [0x5b, 0x0a];

/** Slices of at most `size` records, as views of the body; or, as a sentence, why it holds none. */
export function bodyRecords(sent: Uint8Array, size: number): Iterable<readonly Uint8Array[]> | string {
  const body = hasByteOrderMark(sent) ? sent.subarray(3) : sent;
  const content = Content.of(body);
  if (content.first === OPENING_BRACKET) {
    if (arrayEnd(body) === undefined) return notJson(body, content.text);
    // The elements of a SenML pack mean nothing alone. The whole is parsed only where the first can be one of them.
    return isSenml(firstElement(body)) && isSenml(content) ? [[body]] : jsonElements(body, size);
  }
  if (content.json !== undefined) return [[body]];
  if (firstLineIsJson(body)) return lineSlices(body, size);
  return isPacked(body) ? [[body]] : notJson(body, content.text);
}

function firstElement(body: Uint8Array): Content {
  const [[element] = []] = jsonElements(body, 1);
  return Content.ofJson([Content.of(element ?? new Uint8Array()).json]);
}

function isSenml(content: Content): boolean {
  return senml.recognises(content, { arrivedAt: 0 });
}

/** What a decoder unpacks, whatever the content type says. */
function isPacked([first, second]: Uint8Array): boolean {
  return (first === 0x1f && second === 0x8b) || (first === 0xf3 && second === 0x89);
}

function notJson(body: Uint8Array, text: string | undefined): string {
  const guess = looksLike(body, text);
  return `The body is not JSON: ${syntaxError(text)}${guess === undefined ? '' : ` It looks like ${guess.what}: ${guess.advice}.`}`;
}

function syntaxError(text: string | undefined): string {
  if (text === undefined) return 'it is not UTF-8.';
  try {
    JSON.parse(text);
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}.`;
  }
  return '';
}

function firstLineIsJson(body: Uint8Array): boolean {
  for (const line of linesOf(body)) {
    const { first, object } = Content.of(line);
    if (first !== -1) return object !== undefined;
  }
  return false;
}

function* lineSlices(body: Uint8Array, size: number): Generator<readonly Uint8Array[]> {
  let slice: Uint8Array[] = [];
  for (const line of linesOf(body)) {
    if (Content.of(line).first === -1) continue;
    slice.push(line);
    if (slice.length < size) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

function* linesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < body.length;) {
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed === -1 ? body.length : feed;
    yield body.subarray(start, end);
    start = end + 1;
  }
}
