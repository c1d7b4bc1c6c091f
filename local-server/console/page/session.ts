/** The login, where the server asks for its token. The cookie that comes of it is out of reach for scripts. */
import { request, requestText, sendJson } from './api.ts';
import { live } from './state.ts';

export interface Session {
  readonly tokenRequired: boolean;
  /** Whether the server answers this browser. */
  readonly authenticated: boolean;
}

const CHECK_MILLIS = 2_000;

/** The token in the link that the server prints at its start (`#token=…`). It is removed from the address. */
export function takeTokenOfAddress(): string | undefined {
  const [, token] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (token !== undefined) history.replaceState(null, '', location.pathname);
  return token;
}

export function readSession(): Promise<Session> {
  return request<Session>('/session');
}

/** @throws RequestFailed where the token is wrong. */
export function logIn(token: string): Promise<Session> {
  return sendJson<Session>('POST', '/session', { token });
}

export async function logOut(): Promise<void> {
  await requestText('/session', { method: 'DELETE' });
  location.reload();
}

/** Logins end with the server. A page that lost its connection asks whether it must log in again, and does so. */
export function followSession(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    timer = undefined;
    if (live.connection.value.state === 'live') return;
    readSession().then(
      ({ authenticated }) => (authenticated ? later() : location.reload()),
      () => later(), // The server is not there.
    );
  };
  const later = () => {
    timer ??= setTimeout(check, CHECK_MILLIS);
  };
  live.connection.subscribe(() => {
    if (live.connection.value.state === 'lost') later();
  });
}
