/** The addresses of this machine. */
import { networkInterfaces } from 'node:os';

const MOST = 4;

/** Origins under which other machines may reach a server that listens on every address; some, where there are many. */
export function networkOrigins(host: string, scheme: 'http' | 'https', port: number): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [];
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((network) => (network?.family === 'IPv4' && !network.internal ? [network.address] : []))
    .slice(0, MOST)
    .map((address) => `${scheme}://${address}:${port}`);
}
