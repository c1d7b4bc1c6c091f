/**
 * An HTTP proxy between an SDK client and an engine that answers as AWS documents where the engine does not: it
 * throttles, fails, cuts connections, takes a part of a batch, and holds every call to the documented limits.
 *
 * To add a fault: write an `Action` (see `actions.ts`, and `kinesis-rules.ts` for one that changes what the engine sees),
 * which gets the call and a function that forwards it, whole or with another body, and answers with what the client
 * shall see. Together with a matcher it is a `Rule`; the first rule that matches a call acts, and a call that none matches
 * is forwarded. The usual ways to make one are `inTurn` (a list of fates) and `chosenBy` (fates from a fast-check tape).
 *
 * To add a limit: write a `LimitCheck` in a file `<service>-rules.ts` beside this one, and pass it in `limits`. It sees
 * every call before the rules do, and answers `undefined` for those that are none of its business. A call that breaks a
 * limit is recorded in `violations`, which a test expects to be empty, and gets the answer that the service would give.
 *
 * The proxy knows no time and no chance: a connection that hangs does so until the client leaves, and calls meet their
 * fates in the order in which they arrive.
 */
import { Agent, createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { listen } from '../engine-server.ts';
import { type Answer, cut, hang, type Outcome } from './answer.ts';
import { type Call, identify } from './call.ts';

/** Lets the engine do the call, with its own body unless another one is given. */
type Forward = (body?: Buffer) => Promise<Answer>;
export type Action = (call: Call, forward: Forward) => Promise<Outcome>;

export interface Rule {
  readonly matches: (call: Call) => boolean;
  readonly action: Action;
}

export interface Violation {
  /** What limit was broken, in words. */
  readonly problem: string;
  /** What the service answers to it. */
  readonly answer: Answer;
}
export type LimitCheck = (call: Call) => Violation | undefined;

export interface FaultProxyOptions {
  /** Base address of the engine. */
  readonly target: string;
  readonly limits: readonly LimitCheck[];
}

export interface FaultProxy {
  readonly url: string;
  /** The rules in force; a test may replace them between calls. */
  rules: readonly Rule[];
  /** `service operation: problem` of every call that broke a limit. */
  readonly violations: string[];
  /** Every call that came, in order. */
  readonly calls: Call[];
  close(): Promise<void>;
}

export async function startFaultProxy({ target, limits }: FaultProxyOptions): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    const { method = 'GET', url = '/', headers } = request;
    const call: Call = { ...identify({ method, url, headers }), method, url, headers, body };
    proxy.calls.push(call);
    await send(response, await outcomeOf(call));
  }

  async function outcomeOf(call: Call): Promise<Outcome> {
    for (const limit of limits) {
      const violation = limit(call);
      if (violation === undefined) continue;
      proxy.violations.push(`${call.service} ${call.operation}: ${violation.problem}`);
      return violation.answer;
    }
    const rule = proxy.rules.find(({ matches }) => matches(call));
    const toEngine: Forward = (body = call.body) => forward(target, call, body, agent);
    return rule === undefined ? toEngine() : rule.action(call, toEngine);
  }

  const listening = await listen(server);
  const proxy: FaultProxy = {
    url: listening.url,
    rules: [],
    violations: [],
    calls: [],
    close: async () => {
      agent.destroy();
      await listening.close();
    },
  };
  return proxy;
}

async function send(response: ServerResponse, outcome: Outcome): Promise<void> {
  if (outcome === cut) response.destroy();
  else if (outcome !== hang) {
    // The answer to HEAD has the length of a body that does not come.
    response.writeHead(outcome.status, { 'content-length': outcome.body.length, ...outcome.headers });
    response.end(outcome.body);
  }
}

function forward(target: string, { method, url, headers }: Call, body: Buffer, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(url, target), {
      agent,
      method,
      headers: { ...headers, 'content-length': body.length },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      bytesOf(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 500, headers: endToEnd(method, response), body: bytes }),
        reject,
      );
    });
    request.end(body);
  });
}

/** Without the headers that belong to the connection with the engine, and the length that follows from the body. */
function endToEnd(method: string, { headers }: IncomingMessage): Answer['headers'] {
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, 'content-length': length, ...rest } = headers;
  return method === 'HEAD' && length !== undefined ? { ...rest, 'content-length': length } : rest;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
