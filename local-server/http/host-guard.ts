/**
 * Under which names the server may be reached. A web page can point a name of its own to this machine and then read the
 * server as if it were its own (DNS rebinding); the Host header gives that away. An address is no name: it is always taken.
 */
import { isIP } from 'node:net';

const loopback = /^(localhost|([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** An address or name to listen on that other machines cannot reach. */
export function isLoopback(host: string): boolean {
  return host === '::1' || loopback.test(host);
}

/**
 * @param header As the client sent it (`Host` or `:authority`), with or without a port; empty for none.
 * @param names Names besides those of loopback.
 */
export function isKnownHost(header: string, names: ReadonlySet<string>): boolean {
  const host = header.replace(/:\d*$/, '').toLowerCase();
  return loopback.test(host) || isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || names.has(host);
}
