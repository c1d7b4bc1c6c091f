/** The text of a file. UTF-8 and UTF-16 are recognised; every other encoding must be named, as a wrong guess changes letters. */
import { InvalidRequest } from '../../../core/errors.ts';

/** @throws InvalidRequest where there is no such encoding. */
export function checkEncoding(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    throw new InvalidRequest('--encoding', `is "${label}", which is not known; windows-1252 and utf-16le are`, {
      cause: error,
    });
  }
}

type Decoder = InstanceType<typeof TextDecoder>;

/** By the byte order mark, or by the zeros that UTF-16 has in every character of ASCII. */
function guessEncoding([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

/**
 * Decodes chunk by chunk, without the byte order mark.
 *
 * @param encoding As `checkEncoding` gives it; guessed where it is undefined.
 * @throws InvalidRequest where bytes are not of the encoding, with the line.
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
): AsyncGenerator<string> {
  let decoder: Decoder | undefined;
  let line = 1;
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encoding ?? guessEncoding(chunk), { fatal: true });
    const text = decodeChunk(decoder, chunk, line);
    line += count(text, '\n');
    yield text;
  }
  if (decoder !== undefined) yield decodeChunk(decoder, undefined, line);
}

function decodeChunk(decoder: Decoder, chunk: Uint8Array | undefined, line: number): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    const [before = ''] = new TextDecoder(decoder.encoding).decode(chunk).split('\ufffd', 1);
    const hint =
      decoder.encoding === 'utf-8'
        ? 'name the encoding of the file, for instance --encoding windows-1252'
        : 'name another';
    throw new InvalidRequest(
      '--encoding',
      `line ${line + count(before, '\n')} is not ${decoder.encoding.toUpperCase()}: ${hint}`,
      { cause: error },
    );
  }
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++;
  return found;
}
