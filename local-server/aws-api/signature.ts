/**
 * Signature Version 4 of a request, read and checked: a client proves that it knows the secret access key without
 * sending it. The rules and the order of the checks are those of AWS
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html; recorded in dynalite,
 * index.js). Any access key id is taken, as there is one secret.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { getCanonicalHeaders, getSigningKey, SignatureV4Base } from '@smithy/signature-v4';

export interface SignedHead {
  readonly method: string;
  /** As it was sent: path and query. */
  readonly url: string;
  /** `Host` or `:authority`. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

/** By `AWS4-HMAC-SHA256`. */
export interface Signature {
  readonly signature: string;
  /** `20130609T094515Z`. */
  readonly signedAt: string;
  /** The day that was signed for, `20130609`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** In the address, as that of a presigned URL. */
  readonly inQuery: boolean;
}

/** What is wrong with a signature. */
export type Flaw = 'missing' | 'unsupported' | 'incomplete' | 'skewed' | 'expired' | 'invalid';

export class SignatureFlaw extends Error {
  override readonly name = 'SignatureFlaw';
  readonly flaw: Flaw;

  constructor(flaw: Flaw, message: string) {
    super(message);
    this.flaw = flaw;
  }
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const TERMINATOR = 'aws4_request';
/** How far the clocks of client and server may be apart. */
const SKEW_MILLIS = 15 * 60_000;
const LONGEST_EXPIRY_SECONDS = 7 * 24 * 3_600;

/**
 * Everything that can be said of a signature before the body is there.
 * @param now Milliseconds since 1970.
 * @throws SignatureFlaw
 */
export function readSignature({ url, headers }: SignedHead, now: number): Signature {
  const { authorization } = headers;
  const query = queryOf(url);
  const inQuery = query.has('x-amz-algorithm') || query.has('x-amz-signature');
  if (authorization !== undefined && inQuery) {
    throw new SignatureFlaw(
      'invalid',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (authorization === undefined && !inQuery) throw new SignatureFlaw('missing', 'Missing Authentication Token');
  if (authorization !== undefined && !authorization.startsWith('AWS4-')) {
    throw new SignatureFlaw('unsupported', `The authorization mechanism is not supported. Please use ${ALGORITHM}.`);
  }
  const parts = authorization === undefined ? partsOfQuery(query) : partsOfHeader(authorization, headers);
  checkTime(parts, now);
  if (!parts.signedHeaders.some(isHost)) {
    throw new SignatureFlaw('invalid', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (parts.algorithm !== ALGORITHM) {
    throw new SignatureFlaw(
      'incomplete',
      `Unsupported AWS 'algorithm': '${parts.algorithm}' (only ${ALGORITHM} for now). `,
    );
  }
  const { signature, signedAt, signedHeaders } = parts;
  return { signature, signedAt, signedHeaders, ...readScope(parts), inQuery };
}

interface Parts {
  readonly algorithm: string;
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly signedAt: string;
  readonly expiresSeconds?: number;
}

function partsOfHeader(authorization: string, headers: IncomingHttpHeaders): Parts {
  const [algorithm = ''] = authorization.split(' ', 1);
  const values = new Map(
    authorization
      .slice(algorithm.length)
      .split(/[, ]+/)
      .map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)] as const),
  );
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !values.get(name));
  const signedAt = dateOf(headers);
  const problems = [
    ...missing.map((name) => `Authorization header requires '${name}' parameter. `),
    ...(signedAt === undefined
      ? ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "]
      : []),
  ];
  if (signedAt === undefined || problems.length > 0) throw new SignatureFlaw('incomplete', problems.join(''));
  return {
    algorithm,
    credential: values.get('Credential') ?? '',
    signedHeaders: headerNames(values.get('SignedHeaders')),
    signature: values.get('Signature') ?? '',
    signedAt,
  };
}

function dateOf({ 'x-amz-date': own, date }: IncomingHttpHeaders): string | undefined {
  if (typeof own === 'string') return own;
  const millis = Date.parse(date ?? '');
  return Number.isNaN(millis) ? date : basicFormat(millis);
}

function partsOfQuery(query: URLSearchParams): Parts {
  const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date'];
  const value = (name: string) => query.get(name.toLowerCase()) ?? '';
  const missing = names.filter((name) => value(name) === '');
  if (missing.length > 0) {
    const problems = missing.map((name) => `AWS query-string parameters must include '${name}'. `);
    throw new SignatureFlaw('incomplete', `${problems.join('')}Re-examine the query-string parameters.`);
  }
  const expires = query.get('x-amz-expires');
  const expiresSeconds = Number(expires ?? SKEW_MILLIS / 1_000);
  if (!(Number.isInteger(expiresSeconds) && expiresSeconds >= 0 && expiresSeconds <= LONGEST_EXPIRY_SECONDS)) {
    throw new SignatureFlaw('incomplete', `X-Amz-Expires must be a number from 0 to ${LONGEST_EXPIRY_SECONDS}.`);
  }
  return {
    algorithm: value('X-Amz-Algorithm'),
    credential: value('X-Amz-Credential'),
    signedHeaders: headerNames(value('X-Amz-SignedHeaders')),
    signature: value('X-Amz-Signature'),
    signedAt: value('X-Amz-Date'),
    expiresSeconds,
  };
}

function headerNames(list = ''): readonly string[] {
  return list.toLowerCase().split(';').filter(Boolean);
}

/** The SDK for JavaScript signs what HTTP/2 has in the place of `Host`. */
function isHost(name: string): boolean {
  return name === 'host' || name === ':authority';
}

function checkTime({ signedAt, expiresSeconds }: Parts, now: number): void {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signedAt) ?? [];
  const signed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signed)) {
    throw new SignatureFlaw('incomplete', `Date must be in ISO-8601 'basic format'. Got '${signedAt}'.`);
  }
  if (signed > now + SKEW_MILLIS) {
    throw new SignatureFlaw(
      'skewed',
      `Signature not yet current: ${signedAt} is still later than ${basicFormat(now + SKEW_MILLIS)} (${basicFormat(now)} + 15 min.)`,
    );
  }
  if (expiresSeconds !== undefined) {
    if (now > signed + expiresSeconds * 1_000) throw new SignatureFlaw('expired', 'Request has expired');
  } else if (signed < now - SKEW_MILLIS) {
    throw new SignatureFlaw(
      'skewed',
      `Signature expired: ${signedAt} is now earlier than ${basicFormat(now - SKEW_MILLIS)} (${basicFormat(now)} - 15 min.)`,
    );
  }
}

function readScope({ credential, signedAt }: Parts): Pick<Signature, 'day' | 'region' | 'service'> {
  // An access key id may hold slashes; the scope behind it may not.
  const elements = credential.split('/');
  const [day, region, service, terminator] = elements.slice(-4);
  if (elements.length < 5 || day === undefined || region === undefined || service === undefined) {
    throw new SignatureFlaw(
      'incomplete',
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  if (terminator !== TERMINATOR) {
    throw new SignatureFlaw(
      'invalid',
      `Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${terminator}'.`,
    );
  }
  if (!signedAt.startsWith(day)) {
    throw new SignatureFlaw(
      'invalid',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${signedAt.slice(0, 8)}', from '${signedAt}'.`,
    );
  }
  return { day, region, service };
}

/** @throws SignatureFlaw where the signature is not that of this request with this body and secret. */
export async function verifySignature(
  signature: Signature,
  head: SignedHead,
  body: Uint8Array | undefined,
  secret: string,
): Promise<void> {
  const expected = await calculators[signature.service === 's3' ? 's3' : 'other'].calculate(
    signature,
    head,
    payloadHash(signature, head, body),
    secret,
  );
  if (!timingSafeEqual(sha256(expected), sha256(signature.signature))) {
    throw new SignatureFlaw(
      'invalid',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
}

/** What S3's clients send instead of a hash where they sign no body, or sign it chunk by chunk. */
const s3Payload = /^(UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+)$/;

/** The hash that was signed. It is computed from the body: a hash that is only claimed proves nothing. */
function payloadHash(
  { service, inQuery }: Signature,
  { url, headers }: SignedHead,
  body: Uint8Array = new Uint8Array(),
): string {
  const header = headers['x-amz-content-sha256'];
  const claimed = typeof header === 'string' ? header : queryOf(url).get('x-amz-content-sha256');
  if (service === 's3') {
    if (claimed !== null && s3Payload.test(claimed)) return claimed;
    if (inQuery && claimed === null) return 'UNSIGNED-PAYLOAD';
  }
  const actual = createHash('sha256').update(body).digest('hex');
  if (claimed !== null && claimed !== actual) {
    throw new SignatureFlaw('invalid', "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  return actual;
}

/** The signer of AWS's SDK, which makes the texts that are signed. */
class Calculator extends SignatureV4Base {
  constructor(uriEscapePath: boolean) {
    const credentials = { accessKeyId: '', secretAccessKey: '' };
    super({ service: '', region: '', credentials, sha256: Sha256, uriEscapePath });
  }

  async calculate(
    { signedHeaders, signedAt, day, region, service }: Signature,
    { method, url, host, headers }: SignedHead,
    hash: string,
    secretAccessKey: string,
  ): Promise<string> {
    const signed: Record<string, string> = {};
    for (const name of signedHeaders) {
      const value = isHost(name) ? host : headers[name];
      if (value !== undefined) signed[name] = Array.isArray(value) ? value.join(',') : value;
    }
    const canonical = this.createCanonicalRequest(
      { method, path: url.split('?', 1)[0] ?? '/', query: pairsOf(url), headers: signed, protocol: '', hostname: '' },
      getCanonicalHeaders(
        { method, path: '', headers: signed, protocol: '', hostname: '' },
        undefined,
        new Set(signedHeaders),
      ),
      hash,
    );
    const scope = `${day}/${region}/${service}/${TERMINATOR}`;
    const text = await this.createStringToSign(signedAt, scope, canonical, ALGORITHM);
    const key = await getSigningKey(Sha256, { accessKeyId: '', secretAccessKey }, day, region, service);
    return createHmac('sha256', key).update(text).digest('hex');
  }
}

/** What the SDK's signer hashes with. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash | typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#hash = createHash('sha256');
    else this.#hash = createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('each hash is used once');
  }
}

/** S3 signs the path as it was sent; every other service escapes it once more. */
const calculators = { s3: new Calculator(false), other: new Calculator(true) };

/** As the SDK's signer wants it: decoded, several values of a name as a list. */
function pairsOf(url: string): Record<string, string | string[]> {
  const pairs: Record<string, string | string[]> = {};
  for (const pair of rawQueryOf(url).split('&').filter(Boolean)) {
    const [name, value] = [pair.split('=', 1)[0] ?? '', pair.includes('=') ? pair.slice(pair.indexOf('=') + 1) : ''];
    const key = decoded(name);
    pairs[key] = Object.hasOwn(pairs, key) ? [pairs[key] ?? '', decoded(value)].flat() : decoded(value);
  }
  return pairs;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** By names in lower case: clients spell them in more than one way. */
function queryOf(url: string): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(rawQueryOf(url))) query.append(name.toLowerCase(), value);
  return query;
}

function rawQueryOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function basicFormat(millis: number): string {
  return new Date(millis).toISOString().replace(/[-:]|\.\d+/g, '');
}
