/** How the values of a request and of an answer become bytes: AWS JSON or AWS CBOR. */
import { decode as decodeCbor, encode as encodeCbor, Tagged } from 'cborg';

export interface Codec {
  /** Exactly as AWS sends it: without a charset. */
  readonly contentType: string;
  /** For messages. */
  readonly name: string;
  /** The value of a body; `undefined` where there is none. @throws Error where the body is not of this format. */
  decode(body: unknown): unknown;
  encode(value: unknown): Uint8Array;
}

/**
 * A time. JSON writes it as seconds with a fraction. CBOR writes tag 1 and whole milliseconds, which is what AWS and
 * its Java SDKs do, although RFC 8949 says seconds (https://github.com/aws/aws-sdk-java-v2/issues/4661).
 */
export class Timestamp extends Tagged {
  static readonly TAG = 1;
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(Timestamp.TAG, milliseconds);
    this.milliseconds = milliseconds;
  }

  toJSON(): number {
    return this.milliseconds / 1_000;
  }
}

export function jsonCodec(contentType: string): Codec {
  return {
    contentType,
    name: 'JSON',
    decode: decodeJson,
    encode: (value) => Buffer.from(JSON.stringify(value, bytesAsBase64)),
  };
}

/** A replacer. Its value is what `toJSON` of a Buffer made, so it looks at the member itself. */
function bytesAsBase64(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  const member = this[name];
  if (!(member instanceof Uint8Array)) return value;
  return Buffer.from(member.buffer, member.byteOffset, member.length).toString('base64');
}

export function cborCodec(contentType: string): Codec {
  return {
    contentType,
    name: 'CBOR',
    decode: (body) => (hasBytes(body) ? (decodeCbor(body, { tags }) as unknown) : undefined),
    encode: (value) => encodeCbor(value, { ignoreUndefinedProperties: true }),
  };
}

const tags = {
  [Timestamp.TAG]: (content: () => unknown) => {
    const milliseconds = content();
    if (typeof milliseconds !== 'number') throw new TypeError('a timestamp (tag 1) is not a number');
    return new Timestamp(milliseconds);
  },
};

/** The JSON of a body; `undefined` for none. @throws SyntaxError or TypeError where it is no JSON or no UTF-8. */
export function decodeJson(body: unknown): unknown {
  if (!hasBytes(body)) return undefined;
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
}

/** As bytes, because Fastify adds a charset to the content type of JSON that is a string. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function hasBytes(body: unknown): body is Uint8Array {
  return body instanceof Uint8Array && body.length > 0;
}
