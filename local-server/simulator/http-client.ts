import { SimulationFailed } from './errors.ts';

/** The address of a path below the server's, which may have a path of its own. */
export function endpoint(server: string, path: string): string {
  return `${server.replace(/\/+$/, '')}${path}`;
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
export async function get(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new SimulationFailed(`GET ${url}: ${describeFailure(error)}`, { cause: error });
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new SimulationFailed(`GET ${url}: ${response.status} ${response.statusText}`);
  }
  return response;
}

/** Whether the server is ours and up. @throws SimulationFailed where nothing answers at all. */
export async function isHealthy(server: string): Promise<boolean> {
  try {
    const response = await fetch(endpoint(server, '/health'), { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    throw new SimulationFailed(`nothing answers at ${server} (${describeFailure(error)}); is the server running?`, {
      cause: error,
    });
  }
}
