import { SimulationFailed } from './errors.ts';

/** Where a run sends its payloads, and what the server asks of its clients. */
export interface ServerAddress {
  /** As `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token?: string | undefined;
}

/** The address of a path below the server's, which may have a path of its own. */
export function endpoint({ url }: ServerAddress, path: string): string {
  return `${url.replace(/\/+$/, '')}${path}`;
}

export function authorization({ token }: ServerAddress): { readonly authorization?: string } {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Why a call of `fetch` or of the SDK got no answer: the cause says it (`connect ECONNREFUSED …`), `fetch failed` does not. */
export function describeFailure(error: unknown): string {
  const { message, cause, errors } = error as { message?: string; cause?: unknown; errors?: readonly unknown[] };
  if (cause !== undefined) return describeFailure(cause);
  // Several addresses were tried: Node puts what happened to each into an error without a message.
  if (errors?.[0] !== undefined) return describeFailure(errors[0]);
  return message ?? String(error);
}

/** @throws SimulationFailed where nothing answers, or not with 200. */
export async function get(server: ServerAddress, path: string): Promise<Response> {
  const url = endpoint(server, path);
  let response: Response;
  try {
    response = await fetch(url, { headers: authorization(server) });
  } catch (error) {
    throw new SimulationFailed(`GET ${url}: ${describeFailure(error)}`, { cause: error });
  }
  if (!response.ok) {
    await response.body?.cancel();
    const hint = response.status === 401 ? `: ${NEEDS_TOKEN}` : '';
    throw new SimulationFailed(`GET ${url}: ${response.status} ${response.statusText}${hint}`);
  }
  return response;
}

export const NEEDS_TOKEN = 'the server asks for its token; give it with --token-file FILE or IOT_TOKEN';

/** Whether the server is ours and up. @throws SimulationFailed where nothing answers at all. */
export async function isHealthy(server: ServerAddress): Promise<boolean> {
  try {
    const response = await fetch(endpoint(server, '/health'), { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    throw new SimulationFailed(`nothing answers at ${server.url} (${describeFailure(error)}); is the server running?`, {
      cause: error,
    });
  }
}
