/** Lines of a body as it streams in, without holding the body. */

export interface LineLimits {
  readonly maxLineBytes: number;
  readonly maxBodyBytes: number;
}

/** The body is larger than allowed; the lines in front of that were yielded. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The bytes of each line, without its line feed; empty lines are left out. A line over the limit comes as `undefined`.
 * @throws BodyTooLarge
 */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  { maxLineBytes, maxBodyBytes }: LineLimits,
): AsyncGenerator<Uint8Array | undefined> {
  let received = 0;
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array) => {
    bytes += part.length;
    // Of a line that is too long nothing is kept but its length.
    if (bytes > maxLineBytes) parts = [];
    else parts.push(part);
  };
  const take = () => {
    const line = bytes > maxLineBytes ? undefined : withoutCarriageReturn(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of body) {
    received += chunk.length;
    if (received > maxBodyBytes) throw new BodyTooLarge(`more than ${maxBodyBytes} bytes`);
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line?.length !== 0) yield line;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  const last = take();
  if (last?.length !== 0) yield last;
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
