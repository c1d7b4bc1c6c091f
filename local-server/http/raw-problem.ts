/** Answers, as bytes for the socket, to what never became a request of HTTP/1.1. */
import { STATUS_CODES } from 'node:http';

export function rawProblem(status: number, detail: string): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  return [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    'x-content-type-options: nosniff',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

/** @param error Of Node's parser. */
export function problemOfParser({ code = '', message }: NodeJS.ErrnoException, maxHeaderBytes: number): string {
  const [status, detail] = new Map<string, readonly [number, string]>([
    ['HPE_HEADER_OVERFLOW', [431, `The headers are larger than ${maxHeaderBytes} bytes.`]],
    ['HPE_CHUNK_EXTENSIONS_OVERFLOW', [413, 'The extensions of the chunks are too large.']],
    ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'The request did not become complete in time.']],
  ]).get(code) ?? [400, `This is not a request of HTTP/1.1: ${message.replace(/^Parse Error: /, '')}.`];
  return rawProblem(status, detail);
}
