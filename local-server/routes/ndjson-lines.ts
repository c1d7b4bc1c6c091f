/** Lines of a body as it streams in, without holding the body. */
import { InvalidRequest } from '../../core/errors.ts';

export interface LineLimits {
  readonly maxLineBytes: number;
  readonly maxBodyBytes: number;
}

/** A body that is larger than allowed; Fastify answers with the status code. */
export class BodyTooLarge extends Error {
  readonly statusCode = 413;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The bytes of each line, without its line feed; empty lines are left out.
 * @throws BodyTooLarge, InvalidRequest for a line that no record could hold.
 */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  { maxLineBytes, maxBodyBytes }: LineLimits,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let number = 0;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const chunk of body) {
    received += chunk.length;
    if (received > maxBodyBytes) throw new BodyTooLarge(`more than ${maxBodyBytes} bytes`);
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      const line = trimmed(
        rest.length === 0 ? chunk.subarray(start, end) : Buffer.concat([...rest, chunk.subarray(start, end)]),
      );
      rest = [];
      restBytes = 0;
      number += 1;
      start = end + 1;
      if (line.length > maxLineBytes) throw tooLong(number, maxLineBytes);
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) {
      rest.push(chunk.subarray(start));
      restBytes += chunk.length - start;
      if (restBytes > maxLineBytes + 1) throw tooLong(number + 1, maxLineBytes);
    }
  }
  const last = trimmed(Buffer.concat(rest));
  if (last.length > 0) yield last;
}

function trimmed(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

function tooLong(number: number, maxLineBytes: number): InvalidRequest {
  return new InvalidRequest(
    `line ${number}`,
    `has more than ${maxLineBytes} bytes, which is more than a record can hold`,
  );
}
