/** The token that clients must know: given, read from a file, or made at the start. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InvalidRequest } from '../../core/errors.ts';
import { isLoopback } from './host-guard.ts';

/** What the command line and the environment say of it. */
export type TokenChoice =
  | { readonly type: 'given'; readonly token: string; readonly by: string }
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'none' }
  /** A token is made where other machines can reach the server; on loopback there is none. */
  | { readonly type: 'as-needed' };

/** Characters: 100 bits and more, if they are drawn at random. */
const LONG_TOKEN = 20;

export class AccessToken {
  readonly #secret: string;
  readonly #digest: Uint8Array;
  /** Made for this start, and so nobody knows it yet. */
  readonly isMade: boolean;
  /** Somebody who tries many may find it. */
  readonly isShort: boolean;

  constructor(secret: string, { isMade = false } = {}) {
    this.#secret = secret;
    this.#digest = digestOf(secret);
    this.isMade = isMade;
    this.isShort = secret.length < LONG_TOKEN;
  }

  /** Takes the same time for every text of a length. */
  matches(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest);
  }

  /** To check signatures, and to hand on to clients that run in this process; never for a log or a page. */
  reveal(): string {
    return this.#secret;
  }
}

/** @returns undefined where nobody has to know one. @throws InvalidRequest naming the option that is wrong. */
export async function accessToken(choice: TokenChoice, host: string): Promise<AccessToken | undefined> {
  switch (choice.type) {
    case 'given':
      return new AccessToken(checked(choice.token, choice.by));
    case 'file':
      return new AccessToken(checked(await read(choice.file), '--token-file'));
    case 'none':
      return undefined;
    case 'as-needed':
      return isLoopback(host) ? undefined : new AccessToken(randomBytes(24).toString('hex'), { isMade: true });
  }
}

async function read(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new InvalidRequest(
      '--token-file',
      `${file} cannot be read (${(error as Error).message}). Make one: (umask 077; openssl rand -hex 24 > ${file})`,
      { cause: error },
    );
  }
}

/** What a header can hold, and a person can see. The text itself stays out of messages. */
function checked(token: string, by: string): string {
  if (/^[\x21-\x7e]{1,1024}$/.test(token)) return token;
  throw new InvalidRequest(
    by,
    `holds a token of ${token.length} characters; it must have 1 to 1024 characters of ASCII, without spaces`,
  );
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
