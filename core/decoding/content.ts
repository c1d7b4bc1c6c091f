/**
 * Bytes as decoders look at them. Text and JSON are made once, and only where a decoder asks for them. A byte order mark in
 * front of text is no part of it (RFC 8259, section 8.1, lets a parser ignore it).
 */

import { WrittenNumbers } from '../sent-number.ts';

// A byte order mark is left out by the decoder.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Space, tab, line feed, carriage return are the white space of JSON; all are below. */
const SPACE = 0x20;

export class Content {
  readonly #bytes: Uint8Array;
  #text: { readonly value: string | undefined } | undefined;
  #json: { readonly value: unknown } | undefined;
  #written: WrittenNumbers | undefined;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static of(bytes: Uint8Array): Content {
    return new Content(bytes);
  }

  /** JSON that is parsed already. @param from In which it stands, as text. */
  static ofJson(json: unknown, from?: Content): Content {
    const content = new Content(none);
    content.#text = { value: undefined };
    content.#json = { value: json };
    content.#written = from?.written;
    return content;
  }

  /** None where the content is `ofJson`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The first byte behind a byte order mark and white space; -1 where there is none. */
  get first(): number {
    const bytes = this.#bytes;
    let at = hasByteOrderMark(bytes) ? 3 : 0;
    while (at < bytes.length && (bytes[at] ?? 0) <= SPACE) at += 1;
    return bytes[at] ?? -1;
  }

  /** `undefined` where the bytes are no UTF-8. */
  get text(): string | undefined {
    this.#text ??= { value: decodeText(this.#bytes) };
    return this.#text.value;
  }

  /** `undefined` where the bytes are no JSON, which is never undefined itself. */
  get json(): unknown {
    this.#json ??= { value: parseJson(this.text) };
    return this.#json.value;
  }

  /** The numbers of the JSON as they were written; `undefined` where there is no text. */
  get written(): WrittenNumbers | undefined {
    if (this.text !== undefined) this.#written ??= new WrittenNumbers(this.text);
    return this.#written;
  }

  /** The JSON if it is an object. */
  get object(): JsonObject | undefined {
    const { json } = this;
    return isObject(json) ? json : undefined;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

const none = new Uint8Array();

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
