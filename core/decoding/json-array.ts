/**
 * A JSON array (RFC 8259, section 5) whose elements are what a record may be. Where an element is no JSON, such as the `NaN`
 * that Python and JavaScript programs write, only that element is refused: the others can be told apart all the same.
 */
import { Content } from './content.ts';
import { type Decoder, joined, unreadable } from './decoded.ts';
import { arrayEnd, jsonElements } from './json-elements.ts';

const FORMAT = 'json-array';
const OPENING_BRACKET = 0x5b;
const SLICE = 500;

export const jsonArray: Decoder = {
  format: FORMAT,

  recognises: ({ first }) => first === OPENING_BRACKET,

  decode(content, envelope, { decode }) {
    if (content.json === undefined && arrayEnd(content.bytes) === undefined) {
      return unreadable(FORMAT, 'must be a JSON array that is closed', 'one that ends in the middle');
    }
    const elements = [...jsonElements(content.bytes, SLICE)].flat();
    if (elements.length === 0) return unreadable(FORMAT, 'must hold a reading', 'an empty array');
    return joined(
      FORMAT,
      elements.map((element) => decode(Content.of(element), envelope)),
    );
  },
};
