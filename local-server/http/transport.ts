/**
 * One port for HTTP/1.1 and HTTP/2, with or without TLS, in front of one handler. Without TLS the first bytes tell the
 * protocol (HTTP/2 with prior knowledge, RFC 9113 section 3.3, which the Kinesis client of the AWS SDK for JavaScript v3
 * speaks); with TLS the two sides agree on it (ALPN).
 */
import { createServer, maxHeaderSize, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { FastifyBaseLogger, FastifyServerFactory, FastifyServerFactoryHandler } from 'fastify';
import { Exchanges } from './exchanges.ts';
import { protocolOf } from './first-bytes.ts';
import { problemOfParser, rawProblem } from './raw-problem.ts';

/** In milliseconds, but for `connections`. */
export interface TransportLimits {
  /** From the connection to the bytes that tell its protocol; also for the handshake of TLS. */
  readonly firstBytes: number;
  /** Until the headers of a request are complete. */
  readonly headers: number;
  /** Until a request is complete: a body that never ends must not be read for ever. */
  readonly request: number;
  /** Without a request. */
  readonly idle: number;
  /** How long closing waits for a client that neither sends what it began nor reads what it asked for. */
  readonly stuck: number;
  /** How long closing waits for requests that the server itself works on. */
  readonly closing: number;
  /** More are turned away. */
  readonly connections: number;
}

const defaultLimits: TransportLimits = {
  firstBytes: 10_000,
  headers: 20_000,
  request: 300_000,
  idle: 72_000,
  stuck: 1_000,
  closing: 4_000,
  connections: 2_000,
};

export interface TransportOptions {
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  /** PEM. Without it the port speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly limits?: Partial<TransportLimits>;
}

const CLOSING_TICK_MILLIS = 100;
/** Streams of one HTTP/2 session at a time; the clients of AWS's SDKs open as many as they are allowed. */
const CONCURRENT_STREAMS = 128;
/** Bytes that a client may send ahead, in one stream and in a session: the default of 64 KiB slows large bodies down. */
const STREAM_WINDOW = 1_024 * 1_024;
const SESSION_WINDOW = 4 * STREAM_WINDOW;
/** MB that a session may hold before it takes no new streams. */
const SESSION_MEMORY = 32;

/** RFC 8446, section 6: fatal (2), handshake_failure (40). The client's library says so instead of waiting. */
const tlsAlert = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28]);

/** For Fastify's `serverFactory`. */
export function transport({ log, tls, limits: given }: TransportOptions): FastifyServerFactory {
  const limits = { ...defaultLimits, ...given };
  return (handler) => createTransport(handler, log, tls, limits);
}

function createTransport(
  handler: FastifyServerFactoryHandler,
  log: TransportOptions['log'],
  tls: TransportOptions['tls'],
  limits: TransportLimits,
): Server {
  const exchanges = new Exchanges();
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const serve: FastifyServerFactoryHandler = (request, response) => {
    exchanges.add(request, response);
    handler(request, response);
  };

  const http1 = createServer(
    {
      // What is missing is refused by the handler, which has words for it.
      requireHostHeader: false,
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: Math.min(5_000, limits.headers),
    },
    serve,
  );
  http1.maxConnections = limits.connections;
  http1.on('checkExpectation', serve);
  http1.on('clientError', (error, socket) => {
    // In the middle of an answer, an error would look like a part of it.
    if (socket.writable && !exchanges.answering(socket)) socket.end(problemOfParser(error, maxHeaderSize));
    if (socket instanceof Socket) socket.destroySoon();
  });

  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams: CONCURRENT_STREAMS, initialWindowSize: STREAM_WINDOW },
    maxSessionMemory: SESSION_MEMORY,
  });
  // Requests and answers of HTTP/2 have the interface of those of HTTP/1.1, but not its types.
  http2.on('request', serve as unknown as Parameters<typeof http2.on>[1]);
  http2.on('checkExpectation', serve as unknown as Parameters<typeof http2.on>[1]);
  http2.on('stream', (stream) => {
    if (stream.endAfterHeaders) return;
    const timer = setTimeout(() => stream.close(), limits.request).unref();
    stream.once('end', () => clearTimeout(timer));
    stream.once('close', () => clearTimeout(timer));
  });
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setLocalWindowSize(SESSION_WINDOW);
    session.setTimeout(limits.idle, () => session.close());
  });
  http2.on('sessionError', () => undefined); // The session is over; its client knows why.

  const secure =
    tls && createTlsServer({ ...tls, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: limits.firstBytes });
  secure?.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
    else acceptHttp1(socket);
  });
  secure?.on('tlsClientError', (_error, socket) => socket.destroy());

  // Node's server takes sockets by its own listener; here the first bytes are looked at before.
  const acceptHttp1 = takeOver(http1, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    undecided.add(socket);
    decide(socket, limits.firstBytes, (start) => {
      undecided.delete(socket);
      const protocol = start && protocolOf(start);
      // A server of HTTP/1.1 answers what a client sent before it ended; in other protocols the end is the end.
      if (protocol !== 'http1') socket.allowHalfOpen = false;
      if (protocol === undefined) socket.destroy();
      else if (protocol === 'tls' && secure !== undefined) secure.emit('connection', socket);
      else if (protocol === 'tls') refuseTls(socket);
      else if (secure !== undefined) refusePlain(socket);
      else if (protocol === 'http2') http2.emit('connection', socket);
      else acceptHttp1(socket);
    });
  });
  const tell = oncePerMinute((message: string) => log.warn(message));
  http1.on('drop', () => tell(`More than ${limits.connections} connections are open: new ones are turned away.`));

  function refuseTls(socket: Socket): void {
    socket.on('error', () => undefined);
    tell(
      'A client spoke TLS, but this port speaks plain HTTP. Use http://, or start the server with --tls-self-signed.',
    );
    socket.end(tlsAlert);
    socket.destroySoon();
  }

  function refusePlain(socket: Socket): void {
    socket.on('error', () => undefined);
    tell('A client spoke plain HTTP, but this port speaks TLS. Use https://.');
    socket.end(rawProblem(400, 'This port speaks TLS: use https:// instead of http://.'));
    socket.resume(); // What the client still sends is not wanted, but unread it would cut the answer off.
    socket.setTimeout(limits.firstBytes, () => socket.destroy());
  }

  const closeIdleHttp1 = http1.closeIdleConnections.bind(http1);
  http1.closeIdleConnections = () => {
    closeIdleHttp1();
    for (const socket of undecided) socket.destroy();
    for (const session of sessions) session.close(); // Streams in flight are finished.
  };
  const closeAllHttp1 = http1.closeAllConnections.bind(http1);
  http1.closeAllConnections = () => {
    closeAllHttp1();
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
  };
  const close = http1.close.bind(http1);
  http1.close = (callback) => {
    const closingAt = performance.now();
    const timer = setInterval(() => {
      http1.closeIdleConnections();
      const waited = performance.now() - closingAt;
      if (waited > limits.stuck) {
        exchanges.cutStuck(limits.stuck);
        for (const socket of sockets) if (!exchanges.runOn(socket)) socket.destroy();
      }
      if (waited > limits.closing) http1.closeAllConnections();
    }, CLOSING_TICK_MILLIS);
    exchanges.watchProgress();
    return close((error) => {
      clearInterval(timer);
      callback?.(error);
    });
  };
  return http1;
}

/** Replaces the server's own listener for new sockets. @returns That listener. */
function takeOver(server: Server, accept: (socket: Socket) => void): (socket: Socket) => void {
  const own = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', accept);
  return (socket) => {
    for (const listener of own) listener.call(server, socket);
  };
}

/** Reads until the protocol is clear, and puts the bytes back; without them where the client ends or takes too long. */
function decide(socket: Socket, limitMillis: number, decided: (start: Uint8Array | undefined) => void): void {
  let start: Buffer = Buffer.alloc(0);
  const done = (bytes: Uint8Array | undefined) => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('error', onEnd).off('close', onEnd);
    decided(bytes);
  };
  const onEnd = () => done(undefined);
  const onReadable = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    if (protocolOf(start) === undefined) return;
    socket.unshift(start);
    done(start);
  };
  const timer = setTimeout(onEnd, limitMillis).unref();
  socket.on('readable', onReadable).on('end', onEnd).on('error', onEnd).on('close', onEnd);
}

/** What repeats is told once in a minute. */
function oncePerMinute(tell: (message: string) => void): (message: string) => void {
  const toldAt = new Map<string, number>();
  return (message) => {
    const now = performance.now();
    if (now - (toldAt.get(message) ?? -Infinity) < 60_000) return;
    toldAt.set(message, now);
    tell(message);
  };
}
