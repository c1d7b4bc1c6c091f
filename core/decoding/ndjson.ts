/** Lines of JSON (https://github.com/ndjson/ndjson-spec, https://jsonlines.org). Blank lines are skipped. */
import { Content } from './content.ts';
import { type Decoder, joined } from './decoded.ts';

const FORMAT = 'ndjson';
const OPENING_BRACE = 0x7b;

export const ndjson: Decoder = {
  format: FORMAT,

  // JSON over several lines is one object; these are several, of which the first one is whole.
  recognises(content) {
    if (content.first !== OPENING_BRACE || content.json !== undefined) return false;
    const [first, second] = linesOf(content.text);
    return first !== undefined && second !== undefined && isJson(first);
  },

  decode: (content, envelope, { decode }) =>
    joined(
      FORMAT,
      linesOf(content.text).map((line) => decode(Content.of(Buffer.from(line)), envelope)),
    ),
};

function linesOf(text = ''): readonly string[] {
  return text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
