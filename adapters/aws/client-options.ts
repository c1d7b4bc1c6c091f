/**
 * What every AWS client of the project is made with. Credentials, and the region where none is given, come from the SDK's
 * ordinary chain; nothing else is read from the environment here.
 */
import { NodeHttpHandler } from '@smithy/node-http-handler';

export interface ClientSettings {
  readonly region?: string;
  /** Base address of an emulator; AWS's own unless given. */
  readonly endpoint?: string;
  /** Most time to open a connection; 1,000 unless given. */
  readonly connectionTimeoutMillis?: number;
  /** Most time from the request to the head of its answer, and without a byte of it after that; 5,000 unless given. */
  readonly requestTimeoutMillis?: number;
  /**
   * How often the SDK itself tries; once unless given, since the adapters retry in loops of their own, which heed the
   * deadline of the call and the answers that are partly a success, and two loops would multiply.
   */
  readonly maxAttempts?: number;
}

export interface ClientOptions {
  readonly region?: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly requestHandler: NodeHttpHandler;
}

export function clientOptions({
  region,
  endpoint,
  connectionTimeoutMillis = 1_000,
  requestTimeoutMillis = 5_000,
  maxAttempts = 1,
}: ClientSettings = {}): ClientOptions {
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts,
    // HTTP/1.1 also for Kinesis, whose client would speak HTTP/2, which no emulator does. Without these time-outs the
    // SDK waits longer than a Lambda function may run; that of the socket is for an answer that stops in its middle.
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectionTimeoutMillis,
      requestTimeout: requestTimeoutMillis,
      socketTimeout: requestTimeoutMillis,
      throwOnRequestTimeout: true,
    }),
  };
}
