/** Options of `npm start` on who may reach the server, and how. */
import { isIP } from 'node:net';
import { InvalidRequest } from '../../core/errors.ts';
import type { TokenChoice } from './access-token.ts';
import { parseOrigin } from './origins.ts';

export interface DoorOptions {
  /** What clients must know. */
  readonly token: TokenChoice;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | 'self-signed' | undefined;
  /** Origins of pages, besides the server's own, that may use the server. */
  readonly allowedOrigins: readonly string[];
  /** Names, besides the address that it listens on, under which the server may be reached. */
  readonly allowedHosts: readonly string[];
}

export const doorOptions = {
  token: { type: 'string' },
  'token-file': { type: 'string' },
  'no-auth': { type: 'boolean', default: false },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-self-signed': { type: 'boolean', default: false },
  'allow-origin': { type: 'string', multiple: true, default: [] as string[] },
  'allowed-hosts': { type: 'string', multiple: true, default: [] as string[] },
} as const;

export const DOOR_HELP = `\
  --token TOKEN         ask every client for this token. Other users of this machine can see options of the command
                        line: prefer the variable IOT_TOKEN, or
  --token-file FILE     read it from this file
  --no-auth             ask for no token beyond loopback; without this, a token is made at the start and printed
  --tls-cert FILE       speak TLS with this certificate (PEM, with the intermediate ones), and
  --tls-key FILE        its private key (PEM)
  --tls-self-signed     speak TLS with a certificate made at each start, to try it out
  --allow-origin ORIGIN let pages of this origin use the server, such as https://grafana.example; may be repeated
  --allowed-hosts NAMES names under which clients may reach the server, separated by commas; needed beyond loopback
                        where they use another name than the address that it listens on
`;

interface Values {
  readonly token?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'no-auth': boolean;
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'tls-self-signed': boolean;
  readonly 'allow-origin': readonly string[];
  readonly 'allowed-hosts': readonly string[];
}

/** @throws InvalidRequest naming the option that is wrong. */
export function readDoorOptions(values: Values, environment: NodeJS.ProcessEnv): DoorOptions {
  return {
    token: readToken(values, environment),
    tls: readTls(values),
    allowedOrigins: values['allow-origin'].map(readOrigin),
    allowedHosts: values['allowed-hosts'].flatMap((names) => names.split(',')).map(readHost),
  };
}

/** What is typed goes before what the environment says. */
export function readToken(
  {
    token,
    'token-file': file,
    'no-auth': none = false,
  }: Pick<Values, 'token' | 'token-file'> & { 'no-auth'?: boolean },
  { IOT_TOKEN }: NodeJS.ProcessEnv,
): TokenChoice {
  if (token !== undefined && file !== undefined) throw new InvalidRequest('--token', 'does not go with --token-file');
  if (none && (token !== undefined || file !== undefined)) {
    throw new InvalidRequest('--no-auth', 'does not go with --token and --token-file');
  }
  if (none) return { type: 'none' };
  if (token !== undefined) return { type: 'given', token, by: '--token' };
  if (file !== undefined) return { type: 'file', file };
  return IOT_TOKEN === undefined || IOT_TOKEN === ''
    ? { type: 'as-needed' }
    : { type: 'given', token: IOT_TOKEN, by: 'IOT_TOKEN' };
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
