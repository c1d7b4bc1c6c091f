/**
 * Logins of browsers. A page cannot send headers with server-sent events or downloads, so a browser shows the token once
 * and gets a cookie instead. The cookie holds a random id, never the token; what the server keeps is the id's hash.
 */
import { createHash, randomBytes } from 'node:crypto';

/** A week without a visit more than is comfortable, and then the token is asked for again. */
const LIFETIME_SECONDS = 7 * 24 * 3_600;
/** The oldest ends when there are more. */
const MOST_SESSIONS = 1_000;

export class Sessions {
  /** By the hash of the id, the oldest first: when it ends. */
  readonly #ends = new Map<string, number>();
  readonly #now: () => number;

  /** @param now Milliseconds of a clock that nobody sets. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns The id. */
  begin(): string {
    const id = randomBytes(32).toString('base64url');
    this.#ends.set(hashOf(id), this.#now() + LIFETIME_SECONDS * 1_000);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= MOST_SESSIONS) break;
      this.#ends.delete(oldest);
    }
    return id;
  }

  has(id: string | undefined): boolean {
    return id !== undefined && (this.#ends.get(hashOf(id)) ?? -Infinity) > this.#now();
  }

  end(id: string | undefined): void {
    if (id !== undefined) this.#ends.delete(hashOf(id));
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}

/** What a cookie needs to know of the request. */
export interface Visit {
  /** `http` or `https`. */
  readonly protocol: string;
  /** `Host` or `:authority`. */
  readonly host: string;
  readonly headers: { readonly cookie?: string | undefined };
}

/** Browsers keep the cookies of a host for all its ports, so the port is in the name: two servers do not log each other out. */
function cookieName({ protocol, host }: Visit): string {
  const port = /:(\d+)$/.exec(host)?.[1] ?? (protocol === 'https' ? '443' : '80');
  return `iot-session-${port}`;
}

/** The id in the request's cookie. */
export function sessionOf(visit: Visit): string | undefined {
  const start = `${cookieName(visit)}=`;
  const cookies = visit.headers.cookie?.split(/; */) ?? [];
  return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length);
}

/** For `Set-Cookie`. @param id Without one the cookie is removed. */
export function sessionCookie(visit: Visit, id: string | undefined): string {
  return [
    `${cookieName(visit)}=${id ?? ''}`,
    'Path=/',
    `Max-Age=${id === undefined ? 0 : LIFETIME_SECONDS}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(visit.protocol === 'https' ? ['Secure'] : []),
  ].join('; ');
}
