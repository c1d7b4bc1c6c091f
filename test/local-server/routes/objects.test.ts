import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unpacked } from '../../../local-server/http/unpacked.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

const MEBIBYTE = 1_048_576;
/** Members of gzip one behind the other unpack to their contents one behind the other (RFC 1952). */
const member = gzipSync(Buffer.alloc(MEBIBYTE));
const bomb = (mebibytes: number) => Buffer.concat(Array.from({ length: mebibytes }, () => member));

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** As a client that does not unpack by itself. */
const plain = { headers: { 'accept-encoding': 'identity' } };

async function bytesUntilItEnds(response: Response): Promise<{ bytes: number; cutOff: boolean }> {
  let bytes = 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length;
    return { bytes, cutOff: false };
  } catch {
    return { bytes, cutOff: true };
  }
}

describe('GET /archive/{key}', () => {
  test('unpacks a large object piece by piece', async () => {
    await server.services.eventArchive.put('2026-01-01/large', bomb(200));
    const before = process.memoryUsage().rss;
    const response = await fetch(`${server.url}/archive/2026-01-01/large`, plain);
    expect(await bytesUntilItEnds(response)).toEqual({ bytes: 200 * MEBIBYTE, cutOff: false });
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * MEBIBYTE);
  }, 60_000);

  test('cuts off what unpacks without end, and lives', async () => {
    await server.services.eventArchive.put('2026-01-01/bomb', bomb(300));
    const { bytes, cutOff } = await bytesUntilItEnds(await fetch(`${server.url}/archive/2026-01-01/bomb`, plain));
    expect(cutOff).toBe(true);
    expect(bytes).toBeLessThanOrEqual(256 * MEBIBYTE);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  }, 60_000);

  test('says that an object is no gzip, and gives it as it is stored', async () => {
    await server.services.eventArchive.put('2026-01-01/plain', Buffer.from('no gzip'));
    const response = await fetch(`${server.url}/archive/2026-01-01/plain`, plain);
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toContain('problem+json');
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('cannot be unpacked') });
  });

  test('HEAD leaves nothing open', async () => {
    const response = await fetch(`${server.url}/archive/2026-01-01/large`, { ...plain, method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

test('an empty gzip is an empty answer, and one that is cut short fails', async () => {
  const read = async (gzip: Uint8Array) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await unpacked(gzip, 10)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  expect(await read(gzipSync(''))).toBe('');
  expect(await read(gzipSync('0123456789'))).toBe('0123456789');
  await expect(read(gzipSync('0123456789x'))).rejects.toThrow('more than 10 bytes');
  await expect(read(gzipSync('0123456789').subarray(0, -4))).rejects.toThrow();
});
