/** HTTP/1.1 as bytes on a socket: what no client would send can be sent, and an answer is looked at as it came. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly bytes: Uint8Array;
  /** Close our side behind the last byte, as a client does that was cut off. */
  readonly half: boolean;
}

/**
 * Sends a request on a connection of its own, and reads until the server closes it.
 * @returns All that came; empty where the server closed without an answer.
 * @throws Error where the connection is still open after the limit.
 */
export async function exchange(port: number, request: RawRequest, limitMillis = 15_000): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(limitMillis, () => socket.destroy(new Error(`no end after ${limitMillis} ms`)));
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server may refuse before it has read all: what it said has come by then, or not.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve();
      else reject(error);
    });
  });
  if (request.half) socket.end(request.bytes);
  else socket.write(request.bytes);
  await ended;
  return Buffer.concat(chunks);
}

/** The first answer that is not `100 Continue`. @returns Nothing where there is none. @throws Error for what is no HTTP. */
export function parseAnswer(bytes: Buffer): RawAnswer | undefined {
  if (bytes.length === 0) return undefined;
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) throw new Error(`no answer in HTTP: ${bytes.subarray(0, 200).toString('latin1')}`);
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
  if (!Number.isInteger(status)) throw new Error(`no status line: ${first}`);
  const rest = bytes.subarray(end + 4);
  if (status === 100) return parseAnswer(rest);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const body = headers.get('transfer-encoding') === 'chunked' ? dechunk(rest) : sized(rest, headers);
  return { status, headers, body };
}

function sized(rest: Buffer, headers: ReadonlyMap<string, string>): Buffer {
  const length = headers.get('content-length');
  return length === undefined ? rest : rest.subarray(0, Number(length));
}

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = end === -1 ? 0 : Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
