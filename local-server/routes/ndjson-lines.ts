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
 * The lines that each chunk of the body completes: their bytes without the line feed. Blank lines are left out, a line over
 * the limit comes as `undefined`. The bytes may be views of the chunk.
 * @throws BodyTooLarge
 */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  { maxLineBytes, maxBodyBytes }: LineLimits,
): AsyncGenerator<readonly (Uint8Array | undefined)[]> {
  let received = 0;
  /** Of a line that began in an earlier chunk: what it has so far, and how long that is. */
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const keep = (part: Uint8Array) => {
    bytes += part.length;
    // Of a line that is too long nothing is kept but its length.
    if (bytes > maxLineBytes) parts = [];
    else parts.push(part);
  };
  const end = (part: Uint8Array): Uint8Array | undefined => {
    const [tooLong, begun] = [bytes + part.length > maxLineBytes, bytes > 0];
    const line = tooLong ? undefined : begun ? Buffer.concat([...parts, part]) : part;
    if (begun) parts = [];
    bytes = 0;
    return line && withoutCarriageReturn(line);
  };
  for await (const chunk of body) {
    received += chunk.length;
    if (received > maxBodyBytes) throw new BodyTooLarge(`more than ${maxBodyBytes} bytes`);
    const lines: (Uint8Array | undefined)[] = [];
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed !== -1; feed = chunk.indexOf(LINE_FEED, start)) {
      const line = end(chunk.subarray(start, feed));
      if (line === undefined || !isBlank(line)) lines.push(line);
      start = feed + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  const last = end(new Uint8Array());
  if (last === undefined || !isBlank(last)) yield [last];
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** The white space of JSON, and nothing else: most lines begin with something else. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === CARRIAGE_RETURN);
}
