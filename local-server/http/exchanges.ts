/** Requests that are being answered, so that a server that closes can tell who is waited for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes that went either way on the connection, and when that changed last. */
  bytes: number;
  progressAt: number;
}

export class Exchanges {
  readonly #open = new Set<Exchange>();

  add(request: IncomingMessage, response: ServerResponse): void {
    const exchange = { request, response, bytes: -1, progressAt: 0 };
    this.#open.add(exchange);
    response.once('close', () => this.#open.delete(exchange));
  }

  /** Whether a request that came on this connection, or in TLS over it, is being answered. */
  runOn({ remoteAddress, remotePort }: Socket): boolean {
    for (const { request } of this.#open) {
      const { socket } = request;
      if (socket.remotePort === remotePort && socket.remoteAddress === remoteAddress) return true;
    }
    return false;
  }

  /** Whether an answer on this connection has begun and not ended. */
  answering(socket: Duplex): boolean {
    for (const { request, response } of this.#open) if (request.socket === socket && response.headersSent) return true;
    return false;
  }

  watchProgress(): void {
    const now = performance.now();
    for (const exchange of this.#open) {
      const { socket } = exchange.request;
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (bytes !== exchange.bytes) Object.assign(exchange, { bytes, progressAt: now });
    }
  }

  /** Cuts off what waits for its client for so long: for the rest of a body, or for a place to put the answer. */
  cutStuck(millis: number): void {
    this.watchProgress();
    const now = performance.now();
    for (const { request, response, progressAt } of this.#open) {
      const waitsForClient = !isComplete(request) || response.writableLength > 0;
      if (waitsForClient && now - progressAt > millis) request.socket.destroy();
    }
  }
}

function isComplete(request: IncomingMessage): boolean {
  // Of HTTP/2, `complete` says whether the body was read, even where there is none.
  const { stream } = request as IncomingMessage & { stream?: { readonly endAfterHeaders: boolean } };
  return request.complete || stream?.endAfterHeaders === true;
}
