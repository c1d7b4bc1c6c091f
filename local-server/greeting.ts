/** What `npm start` prints when the server is ready: where it is, how to use it, and what is not safe about it. */
import { resolve } from 'node:path';
import type { AccessToken } from './http/access-token.ts';
import { isLoopback } from './http/host-guard.ts';
import type { ServerCertificate } from './http/tls.ts';
import type { ServerOptions } from './options.ts';
import type { StackIdentity } from './stack-identity.ts';

export interface Greeting {
  /** Where this machine reaches the server. */
  readonly address: string;
  /** Where other machines may reach it. */
  readonly network: readonly string[];
  readonly options: Pick<ServerOptions, 'host' | 'shards' | 'runMappings'>;
  readonly identity: StackIdentity;
  readonly certificate: ServerCertificate | undefined;
  readonly token: AccessToken | undefined;
  /** Addresses of `AWS_ENDPOINT_URL` and its kind. */
  readonly endpoints: readonly string[];
}

export function greet(greeting: Greeting): string {
  const { address, network, identity, certificate, token } = greeting;
  // Only a token that nobody knows yet is shown. One that was given stays where it is.
  const made = token?.isMade === true ? token.reveal() : undefined;
  // What follows # is not sent: the page logs in with it, and removes it from the address.
  const page = (origin: string) => `${origin}/${made === undefined ? '' : `#token=${made}`}`;
  return [
    `IoT backend ready at ${address}`,
    `  page       ${page(address)}`,
    ...network.map((origin) => `             ${page(origin)}`),
    `  API        ${address}/docs`,
    `  AWS        set AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL_S3 to ${address}  (${token === undefined ? 'signatures are not checked' : 'signed with the token'})`,
    `  stack      ${identity.stack}, account ${identity.accountId}, ${placeOf(greeting)}`,
    ...tokenLines(token, made, address),
    ...(certificate === undefined ? [] : [`  TLS        SHA-256 fingerprint ${certificate.fingerprint}`]),
    ...(certificate?.trustFile === undefined ? [] : howToTrust(resolve(certificate.trustFile))),
    ...warnings(greeting),
    '',
    identity.adapters === 'memory'
      ? 'Everything is in memory and goes when the server stops. Ctrl-C stops it.'
      : 'Ctrl-C stops it.',
    '',
  ].join('\n');
}

function tokenLines(token: AccessToken | undefined, made: string | undefined, address: string): string[] {
  if (token === undefined) return [];
  return [
    `  token      every client needs it${made === undefined ? '' : '; it was made for this start'}. In a shell:`,
    `             export IOT_TOKEN=${made ?? '<the token>'}`,
    `             curl -H "Authorization: Bearer $IOT_TOKEN" ${address}/pipeline`,
    '             AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=$IOT_TOKEN aws kinesis list-streams',
    `             npm run simulate -- --url ${address}`,
    ...(made === undefined
      ? []
      : ['             To keep one token over restarts, start the server with --token-file FILE or IOT_TOKEN.']),
  ];
}

function placeOf({ identity: { adapters, region }, options, endpoints }: Greeting): string {
  if (adapters === 'memory') return `${options.shards} shards in memory`;
  const consumers = options.runMappings ? 'the consumers run here' : "the stack's own functions are the consumers";
  return `in ${region}, ${endpoints.length === 0 ? 'on AWS itself' : `at ${endpoints.join(', ')}`}; ${consumers}`;
}

function warnings({ options: { host }, token, certificate }: Greeting): string[] {
  if (isLoopback(host)) return [];
  return [
    ...(token === undefined
      ? ['  WARNING    other machines can reach this server, and --no-auth lets everyone use it']
      : []),
    ...(certificate === undefined
      ? ['  WARNING    nothing is encrypted, not even the token: use --tls-cert and --tls-key, or --tls-self-signed']
      : []),
  ];
}

function howToTrust(file: string): string[] {
  return [
    `             made for this start; clients trust it by its file:`,
    `             curl --cacert ${file}`,
    `             NODE_EXTRA_CA_CERTS=${file}  AWS_CA_BUNDLE=${file}`,
    `             or compare the fingerprint with the one that the browser shows`,
  ];
}
