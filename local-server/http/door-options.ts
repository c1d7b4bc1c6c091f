/** Options of `npm start` on who may reach the server, and how. */
import { isIP } from 'node:net';
import { InvalidRequest } from '../../core/errors.ts';
import { isLoopback } from './host-guard.ts';
import { parseOrigin } from './origins.ts';

export interface DoorOptions {
  readonly tls: { readonly certFile: string; readonly keyFile: string } | 'self-signed' | undefined;
  /** Origins of pages, besides the server's own, that may use the server. */
  readonly allowedOrigins: readonly string[];
  /** Names, besides the address that it listens on, under which the server may be reached. */
  readonly allowedHosts: readonly string[];
  readonly token: TokenOption;
}

/** `unset`: none is needed on loopback, and one is made elsewhere. */
export type TokenOption = { readonly text: string } | { readonly file: string } | 'unset' | 'none';

export const doorOptions = {
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-self-signed': { type: 'boolean', default: false },
  'allow-origin': { type: 'string', multiple: true, default: [] as string[] },
  'allowed-hosts': { type: 'string', multiple: true, default: [] as string[] },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  'no-auth': { type: 'boolean', default: false },
} as const;

export const DOOR_HELP = `\
  --tls-cert FILE       speak TLS with this certificate (PEM, with the intermediate ones), and
  --tls-key FILE        its private key (PEM)
  --tls-self-signed     speak TLS with a certificate made at each start, to try it out
  --allow-origin ORIGIN let pages of this origin use the server, such as https://grafana.example; may be repeated
  --allowed-hosts NAMES names under which clients may reach the server, separated by commas; needed beyond loopback
                        where they use another name than the address that it listens on
  --token TOKEN         ask clients for this token; IOT_TOKEN and --token-file do not show it in the list of processes
  --token-file FILE     the token is the first line of this file
  --no-auth             ask for no token though other machines can reach the server
`;

interface Values {
  readonly 'tls-cert'?: string | undefined;
  readonly 'tls-key'?: string | undefined;
  readonly 'tls-self-signed': boolean;
  readonly 'allow-origin': readonly string[];
  readonly 'allowed-hosts': readonly string[];
  readonly token?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'no-auth': boolean;
}

/** @throws InvalidRequest naming the option that is wrong. */
export function readDoorOptions(values: Values, environment: NodeJS.ProcessEnv): DoorOptions {
  return {
    tls: readTls(values),
    allowedOrigins: values['allow-origin'].map(readOrigin),
    allowedHosts: values['allowed-hosts'].flatMap((names) => names.split(',')).map(readHost),
    token: readToken(values, environment),
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

/** At least 16 characters of what a header can carry: one that is guessed is none. */
export const tokenPattern = /^[\x21-\x7e]{16,}$/;

function readToken(values: Values, { IOT_TOKEN: fromEnvironment }: NodeJS.ProcessEnv): TokenOption {
  const given = [values.token, values['token-file']].filter((value) => value !== undefined);
  if (values['no-auth']) {
    if (given.length > 0) throw new InvalidRequest('--no-auth', 'does not go with a token');
    return 'none';
  }
  if (given.length > 1) throw new InvalidRequest('--token-file', 'does not go with --token');
  if (values['token-file'] !== undefined) return { file: values['token-file'] };
  const text = values.token ?? fromEnvironment;
  if (text === undefined || (text === '' && values.token === undefined)) return 'unset';
  return { text: checkToken(values.token === undefined ? 'IOT_TOKEN' : '--token', text) };
}

/** @throws InvalidRequest, which does not tell the token. */
export function checkToken(source: string, text: string): string {
  if (tokenPattern.test(text)) return text;
  throw new InvalidRequest(
    source,
    'must have at least 16 characters, without spaces, of letters, digits and punctuation',
  );
}

/** What is asked for where nothing was said. */
export function needsToken(host: string, token: TokenOption): boolean {
  return token !== 'none' && (token !== 'unset' || !isLoopback(host));
}
