/** Options of `npm start` on who may reach the server, and how. */
import { isIP } from 'node:net';
import { InvalidRequest } from '../../core/errors.ts';
import { parseOrigin } from './origins.ts';

export interface DoorOptions {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | 'self-signed' | undefined;
  /** Origins of pages, besides the server's own, that may use the server. */
  readonly allowedOrigins: readonly string[];
  /** Names, besides the address that it listens on, under which the server may be reached. */
  readonly allowedHosts: readonly string[];
}

export const doorOptions = {
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-self-signed': { type: 'boolean', default: false },
  'allow-origin': { type: 'string', multiple: true, default: [] as string[] },
  'allowed-hosts': { type: 'string', multiple: true, default: [] as string[] },
} as const;

export const DOOR_HELP = `\
  --tls-cert FILE       speak TLS with this certificate (PEM, with the intermediate ones), and
  --tls-key FILE        its private key (PEM)
  --tls-self-signed     speak TLS with a certificate made at each start, to try it out
  --allow-origin ORIGIN let pages of this origin use the server, such as https://grafana.example; may be repeated
  --allowed-hosts NAMES names under which clients may reach the server, separated by commas; needed beyond loopback
                        where they use another name than the address that it listens on
`;

interface Values {
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'tls-self-signed': boolean;
  readonly 'allow-origin': readonly string[];
  readonly 'allowed-hosts': readonly string[];
}

/** @throws InvalidRequest naming the option that is wrong. */
export function readDoorOptions(values: Values): DoorOptions {
  return {
    tls: readTls(values),
    allowedOrigins: values['allow-origin'].map(readOrigin),
    allowedHosts: values['allowed-hosts'].flatMap((names) => names.split(',')).map(readHost),
  };
}

function readTls({ 'tls-cert': certFile, 'tls-key': keyFile, 'tls-self-signed': selfSigned }: Values) {
  if (certFile === undefined && keyFile === undefined) return selfSigned ? 'self-signed' : undefined;
  if (selfSigned) throw new InvalidRequest('--tls-self-signed', 'does not go with --tls-cert and --tls-key');
  if (certFile === undefined) throw new InvalidRequest('--tls-cert', 'is missing; it goes with --tls-key');
  if (keyFile === undefined) throw new InvalidRequest('--tls-key', 'is missing; it goes with --tls-cert');
  return { certFile, keyFile };
}

function readOrigin(text: string): string {
  const origin = parseOrigin(text);
  if (origin !== undefined) return origin;
  throw new InvalidRequest(
    '--allow-origin',
    `is ${text}, but must be an origin such as https://grafana.example or http://192.168.1.7:8080, or null for pages opened from a file`,
  );
}

function readHost(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return name;
  throw new InvalidRequest(
    '--allowed-hosts',
    `has '${text}', but must be names or addresses without a port, such as pi.local,192.168.1.7`,
  );
}
