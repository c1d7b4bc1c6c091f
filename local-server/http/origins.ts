/**
 * Which web pages may do what. A browser sends requests for any page that asks; it says which page by `Origin` and
 * `Sec-Fetch-Site`. Clients that are no browser send neither. docs/adr/0009 has the reasons.
 */

/** Who asks. */
export type Asker =
  /** The server's own pages, or no page: another kind of client, or a person who typed the address. */
  | 'own'
  /** A page that the person who runs the server allowed. */
  | 'allowed'
  /** A page of another server on this machine. */
  | 'loopback'
  /** A page opened from a file – or one in a sandbox, which may come from anywhere. */
  | 'null'
  /** Every other page. */
  | 'foreign';

/** What a request does. `put` and `query` are the two calls that the client user of the stack may make on AWS. */
export type Deed = 'open' | 'read' | 'put' | 'query' | 'change';

export interface RequestHead {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  /** `http` or `https`. */
  readonly scheme: string;
  /** `Host` or `:authority`; empty for none. */
  readonly host: string;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const rights: Readonly<Record<Asker, ReadonlySet<Deed>>> = {
  own: new Set(['open', 'read', 'put', 'query', 'change']),
  allowed: new Set(['open', 'read', 'put', 'query', 'change']),
  loopback: new Set(['open', 'read', 'put', 'query']),
  null: new Set(['open', 'put', 'query']),
  foreign: new Set(['open']),
};

const loopbackOrigin = /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/** @returns The origin as browsers write it; undefined where the text is none. */
export function parseOrigin(text: string): string | undefined {
  if (text === 'null') return text;
  const { protocol, origin, pathname, search, hash, username } = URL.canParse(text) ? new URL(text) : new URL('data:,');
  const isPlain = pathname === '/' && search === '' && hash === '' && username === '' && !text.includes('*');
  return ['http:', 'https:'].includes(protocol) && isPlain ? origin : undefined;
}

export function askerOf({ headers, scheme, host }: RequestHead, allowed: ReadonlySet<string>): Asker {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === 'same-origin') return 'own'; // Which a page cannot say of itself.
  if (typeof origin !== 'string') return site === undefined || site === 'none' ? 'own' : 'foreign';
  if (allowed.has(origin)) return 'allowed';
  if (origin === 'null') return 'null';
  if (origin === `${scheme}://${host}`) return 'own';
  return loopbackOrigin.test(origin) ? 'loopback' : 'foreign';
}

/** Operations of Kinesis that change nothing. */
const reading = /\.(Get|List|Describe)[A-Za-z]+$/;

/** @param historyFunction Name of the function that answers queries. */
export function deedOf({ method, url, headers }: RequestHead, historyFunction: string): Deed {
  const path = url.split('?', 1)[0] ?? '';
  if (method === 'GET' || method === 'HEAD') {
    // A link or an address leads to a page that nobody but the person sees.
    return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' ? 'open' : 'read';
  }
  if (method !== 'POST') return 'change';
  const target = headers['x-amz-target'];
  if (path === '/' && typeof target === 'string') {
    if (/\.PutRecords?$/.test(target)) return 'put';
    return reading.test(target) ? 'read' : 'change';
  }
  if (path === '/readings' || path === '/write' || path === '/api/v2/write') return 'put';
  return invokedFunction(path) === historyFunction ? 'query' : 'change';
}

/** The name in `/2015-03-31/functions/<name or ARN>/invocations`, without a version. */
function invokedFunction(path: string): string | undefined {
  const [, encoded] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
  try {
    return decodeURIComponent(encoded ?? '')
      .replace(/:\$LATEST$/, '')
      .split(':')
      .at(-1);
  } catch {
    return undefined;
  }
}

export function mayDo(asker: Asker, deed: Deed): boolean {
  return rights[asker].has(deed);
}

/** A question of the browser whether a page may send a request. It is asked before any that is not "simple". */
export function isPreflight({ method, headers }: RequestHead): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined;
}

/** What a page may read of an answer; without these headers, nothing. */
export function corsHeaders(asker: Asker, { headers, url }: RequestHead): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (asker === 'own' || asker === 'foreign' || typeof origin !== 'string') return {};
  return {
    'access-control-allow-origin': origin,
    vary: 'origin',
    'access-control-expose-headers': url.startsWith('/2015-03-31/') ? exposedByLambda : exposedByKinesis,
  };
}

/** Recorded in kinesalite (test/connection.js). */
const exposedByKinesis = 'x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date';
/** As answers of AWS that were pasted into public issues have it; a page reads the log and the failure of a function by it. */
const exposedByLambda =
  'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date,x-amz-log-result,x-amz-function-error';

/** As AWS answers (kinesalite's recorded tests, test/connection.js): what was asked for is granted, for two days. */
export function preflightHeaders({ headers }: RequestHead): Readonly<Record<string, string>> {
  const asked = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const allowHeaders = asked('access-control-request-headers');
  const allowMethods = asked('access-control-request-method');
  return {
    'access-control-max-age': '172800',
    ...(allowHeaders !== undefined && { 'access-control-allow-headers': allowHeaders }),
    ...(allowMethods !== undefined && { 'access-control-allow-methods': allowMethods }),
    // Chromium asks whether pages from elsewhere may reach a private address.
    ...(asked('access-control-request-private-network') === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
  };
}
