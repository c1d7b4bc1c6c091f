import { SimulationFailed } from './errors.ts';

/** Where a run sends its payloads, and what the server asks of its clients. */
export interface ServerAddress {
  /** As `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token?: string | undefined;
  /** It is the server of this process, whose certificate need not be checked: nobody else can listen on its port. */
  readonly isOwn?: boolean;
}

/** `fetch` for a server: its own where no certificate is to be checked. */
export async function fetchFrom({ isOwn = false, url }: ServerAddress): Promise<typeof fetch> {
  return isOwn && url.startsWith('https:') ? (ownFetch ??= await fetchWithoutCheck()) : fetch;
}

let ownFetch: typeof fetch | undefined;

async function fetchWithoutCheck(): Promise<typeof fetch> {
  const { Agent, fetch: fetchByUndici } = await import('undici');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  return ((address: string, init: object) =>
    fetchByUndici(address, { ...init, dispatcher })) as unknown as typeof fetch;
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
  const { message, code, cause, errors } = error as {
    readonly message?: string;
    readonly code?: string;
    readonly cause?: unknown;
    readonly errors?: readonly unknown[];
  };
  if (cause !== undefined) return describeFailure(cause);
  // Several addresses were tried: Node puts what happened to each into an error without a message.
  if (errors?.[0] !== undefined) return describeFailure(errors[0]);
  const hint = isUntrusted(code) ? '; NODE_EXTRA_CA_CERTS=FILE names a certificate that is to be trusted' : '';
  return `${message ?? String(error)}${hint}`;
}

/** Codes of OpenSSL: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
function isUntrusted(code: string | undefined): boolean {
  return /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER_CERT/.test(code ?? '');
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
