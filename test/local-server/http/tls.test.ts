import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttp2Handler } from '@smithy/node-http-handler';
import { pino } from 'pino';
import { type ServerCertificate, serverCertificate } from '../../../local-server/http/tls.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

jest.setTimeout(30_000);

let folder: string;
let certificate: ServerCertificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-'));
  certificate = await serverCertificate('self-signed', { host: 'pi.local', stateFolder: folder });
});
afterAll(() => rm(folder, { recursive: true }));

describe('the server with a certificate', () => {
  let server: RunningServer;
  let address: string;
  const warnings: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const port = () => Number(new URL(server.url).port);
  const start = async (tls: ServerCertificate | undefined = certificate) => {
    server = await startServer({ tls, logger });
    address = `https://127.0.0.1:${port()}`;
  };
  afterEach(() => server.close());

  test('speaks HTTP/1.1 and HTTP/2, as the client wishes', async () => {
    await start();
    const ask = request(`${address}/health`, { ca: certificate.cert }).end();
    const [answer] = (await once(ask, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    expect(answer.statusCode).toBe(200);
    await text(answer);
    const session = connectHttp2(address, { ca: certificate.cert });
    expect(await text(session.request({ ':path': '/health' }))).toContain('"status":"ok"');
    session.close();
  });

  test('serves the AWS SDK for JavaScript v3', async () => {
    await start();
    const client = new KinesisClient({
      endpoint: address,
      region: 'us-east-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      requestHandler: new NodeHttp2Handler({ nodeHttp2ConnectOptions: { ca: certificate.cert } }),
    });
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual(['iot-SensorStream']);
    client.destroy();
  });

  test.each(['localhost', '127.0.0.1', '::1', 'pi.local'])('is %s by its certificate', async (name) => {
    await start();
    const shown = new X509Certificate(certificate.cert);
    expect(shown.checkHost(name) ?? shown.checkIP(name)).toBeDefined();
  });

  test.each(['http', 'kinesis'])('serves the fleet of its own lab: %s', async (transport) => {
    await start();
    const call = async (method: string, body?: object) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const ask = request(`${address}/lab/fleet`, { method, headers, ca: certificate.cert });
      ask.end(body === undefined ? undefined : JSON.stringify(body));
      const [answer] = (await once(ask, 'response')) as [NodeJS.ReadableStream];
      return JSON.parse(await text(answer)) as { failure?: string; counts?: { total: { accepted: number } } };
    };
    await call('POST', { devices: 2, rate: 50, transport });
    await eventually(async () => {
      const { failure, counts } = await call('GET');
      expect(failure).toBeUndefined();
      return (counts?.total.accepted ?? 0) > 10;
    });
    await call('DELETE');
  });

  test('tells a client that speaks plain HTTP what to do', async () => {
    await start();
    const answer = await fetch(`http://127.0.0.1:${port()}/health`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('https://') });
    await eventually(() => warnings.join('').includes('this port speaks TLS'));
  });

  test('without a certificate, ends a handshake at once and says why in the log', async () => {
    server = await startServer({ logger });
    const socket = connectTls({ port: port(), host: '127.0.0.1' });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/handshake failure/i);
    await eventually(() => warnings.join('').includes('this port speaks plain HTTP'));
  });

  test('does not wait for ever for a handshake', async () => {
    server = await startServer({ tls: certificate, logger, limits: { firstBytes: 200 } });
    const socket = connect(port(), '127.0.0.1');
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
    socket.resume();
    await once(socket, 'close');
  });

  describeWithEngine('curl', 'curl', (curl) => {
    test.each(['--http1.1', '--http2'])('trusts the file of the certificate (%s)', async (version) => {
      await start();
      const { stdout } = await promisify(execFile)(curl, [
        ...['-s', '--noproxy', '*', version, '--cacert', certificate.trustFile!, '-w', ' %{http_version}'],
        `https://localhost:${port()}/health`,
      ]);
      expect(stdout).toMatch(version === '--http2' ? /"ok".* 2$/ : /"ok".* 1\.1$/);
    });
  });
});

describe('certificates', () => {
  test('keep the private key out of the file', async () => {
    expect(await readFile(certificate.trustFile!, 'utf8')).not.toContain('PRIVATE');
    expect((await stat(certificate.trustFile!)).isFile()).toBe(true);
  });

  test('from files are taken as they are', async () => {
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(certFile, certificate.cert);
    await writeFile(keyFile, certificate.key);
    const options = { host: '127.0.0.1', stateFolder: folder };
    const { fingerprint } = await serverCertificate({ certFile, keyFile }, options);
    expect(fingerprint).toBe(certificate.fingerprint);

    const other = await serverCertificate('self-signed', options);
    await writeFile(join(folder, 'other.pem'), other.key);
    const wrong = [
      [{ certFile: join(folder, 'none'), keyFile }, /--tls-cert: .*none cannot be read/],
      [{ certFile, keyFile: folder }, /--tls-key: .* cannot be read/],
      [{ certFile: keyFile, keyFile }, /--tls-cert: .*key\.pem does not hold a certificate/],
      [{ certFile, keyFile: certFile }, /--tls-key: .*cert\.pem does not hold a private key/],
      [{ certFile, keyFile: join(folder, 'other.pem') }, /--tls-key: .*other\.pem is not the key of/],
    ] as const;
    for (const [files, words] of wrong) await expect(serverCertificate(files, options)).rejects.toThrow(words);
  });
});
