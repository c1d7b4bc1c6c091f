/** What the proxy answers: a response, or one of the ways in which a connection gives none. */
import type { OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** The connection is reset. */
export const cut = Symbol('cut');
/** Nothing comes, and the connection stays open until the client gives up. */
export const hang = Symbol('hang');

export type Outcome = Answer | typeof cut | typeof hang;

/** A response of the JSON protocols (Kinesis, DynamoDB, CloudWatch). */
export function jsonAnswer(content: unknown, status = 200): Answer {
  return {
    status,
    // The SDK reads either version of the protocol from its body alone.
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'fault-proxy' },
    body: Buffer.from(JSON.stringify(content)),
  };
}

/** An error of the JSON protocols, which carry its name in `__type`. */
export function jsonError(status: number, name: string, message: string): Answer {
  return jsonAnswer({ __type: name, message }, status);
}

/** The JSON that a call or an answer carries; the caller knows its shape. */
export function jsonOf({ body }: { readonly body: Buffer }): unknown {
  return JSON.parse(body.toString());
}
