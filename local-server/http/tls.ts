/** The certificate that the server shows, from files or made here. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { InvalidRequest } from '../../core/errors.ts';
import type { DoorOptions } from './door-options.ts';

export interface ServerCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256, as browsers and OpenSSL show it. */
  readonly fingerprint: string;
  /** Where clients find the certificate that they are to trust; only of one that was made here. */
  readonly trustFile?: string;
}

const DAY = 86_400_000;

/** @throws InvalidRequest saying what is wrong with which file. */
export async function serverCertificate(
  tls: Exclude<DoorOptions['tls'], undefined>,
  { host, stateFolder }: { readonly host: string; readonly stateFolder: string },
): Promise<ServerCertificate> {
  return tls === 'self-signed' ? selfSigned(host, stateFolder) : fromFiles(tls);
}

async function fromFiles(files: { readonly certFile: string; readonly keyFile: string }): Promise<ServerCertificate> {
  const cert = await read('--tls-cert', files.certFile);
  const key = await read('--tls-key', files.keyFile);
  const certificate = parse('--tls-cert', files.certFile, 'a certificate', () => new X509Certificate(cert));
  const privateKey = parse('--tls-key', files.keyFile, 'a private key without a pass phrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new InvalidRequest('--tls-key', `${files.keyFile} is not the key of the certificate in ${files.certFile}`);
  }
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new InvalidRequest(
      '--tls-cert',
      `the certificate in ${files.certFile} was valid until ${certificate.validTo}`,
    );
  }
  return { cert, key, fingerprint: certificate.fingerprint256 };
}

async function read(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new InvalidRequest(option, `${file} cannot be read (${(error as Error).message})`, { cause: error });
  }
}

function parse<Parsed>(option: string, file: string, what: string, read: () => Parsed): Parsed {
  try {
    return read();
  } catch (error) {
    throw new InvalidRequest(option, `${file} does not hold ${what} in PEM (${(error as Error).message})`, {
      cause: error,
    });
  }
}

/**
 * The key stays in memory. The certificate, which is no secret, goes into a file for clients to trust: its name is the
 * same at each start, so that clients which read it need not be told anew.
 */
async function selfSigned(host: string, stateFolder: string): Promise<ServerCertificate> {
  const { generate } = await import('selfsigned'); // It takes its time to load.
  const names = ['localhost', '127.0.0.1', '::1', ...(isUnspecified(host) ? [] : [host])];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'IoT backend, self-signed' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - DAY), // Clocks of devices may be behind.
    notAfterDate: new Date(Date.now() + 90 * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...new Set(names)].map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
        ),
      },
    ],
  });
  const trustFile = join(stateFolder, 'tls-self-signed.pem');
  try {
    await mkdir(stateFolder, { recursive: true });
    await writeFile(trustFile, cert);
  } catch (error) {
    throw new InvalidRequest('--state-folder', `${trustFile} cannot be written (${(error as Error).message})`, {
      cause: error,
    });
  }
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256, trustFile };
}

/** Stands for every address of the machine. */
function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
