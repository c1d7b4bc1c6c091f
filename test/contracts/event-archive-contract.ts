/** What every archive promises. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KeyTaken } from '../../core/errors.ts';
import type { EventArchive, ListOptions } from '../../core/ports.ts';
import { bytesOf } from '../support/record-factory.ts';
import { eventually, type Harness, range, uniqueName, useHarness } from './harness.ts';

export interface EventArchiveHarness extends Harness {
  readonly archive: EventArchive;
}

export function eventArchiveContract(name: string, create: () => Promise<EventArchiveHarness>): void {
  describe(`event archive: ${name}`, () => {
    const harness = useHarness(create);

    async function putKeys(keys: readonly string[]): Promise<void> {
      for (const key of keys) await harness().archive.put(key, bytesOf(key));
    }

    async function listKeys(options: ListOptions): Promise<{ keys: string[]; more: boolean }> {
      const { objects, more } = await harness().archive.list(options);
      return { keys: objects.map(({ key }) => key), more };
    }

    test('gives back the bytes that were put, whatever they are', async () => {
      const { archive } = harness();
      for (const body of [Uint8Array.from(range(256)), new Uint8Array(0), new Uint8Array(1_048_576).fill(9)]) {
        const key = uniqueName('bytes');
        await archive.put(key, body);
        expect(Buffer.compare((await archive.get(key))!, body)).toBe(0);
      }
    });

    test('has nothing under a key that was never put', async () => {
      expect(await harness().archive.get(uniqueName('never'))).toBeUndefined();
    });

    test('keeps one object for a key that is put again, with the same bytes', async () => {
      const { archive } = harness();
      const key = uniqueName('again');
      await archive.put(key, bytesOf('the same'));
      await archive.put(key, bytesOf('the same'));
      const { objects } = await eventually(
        harness(),
        () => archive.list({ prefix: key, limit: 10 }),
        ({ objects: [object] }) => object !== undefined,
      );
      expect(objects).toMatchObject([{ key, size: 8 }]);
    });

    test('tells when an object was put, also once it is put again, and the MD5 of its bytes', async () => {
      const { archive } = harness();
      const key = uniqueName('told');
      // S3 tells whole seconds.
      const before = Math.floor(Date.now() / 1_000) * 1_000;
      await archive.put(key, bytesOf('the same'));
      const after = Date.now() + 1_000;
      const list = async () => (await archive.list({ prefix: key, limit: 1 })).objects;
      const [object] = await eventually(harness(), list, ({ length }) => length > 0);
      expect(object!.modifiedAt).toBeGreaterThanOrEqual(before);
      expect(object!.modifiedAt).toBeLessThanOrEqual(after);
      expect(object!.etag).toBe(createHash('md5').update('the same').digest('hex'));
      await archive.put(key, bytesOf('the same'));
      expect(await list()).toEqual([object]);
    });

    test('refuses other bytes for a key, changes nothing, and gives what is there', async () => {
      const { archive } = harness();
      const key = uniqueName('taken');
      await archive.put(key, bytesOf('first'));
      for (const other of ['other', 'first and more', '']) {
        const refused = await archive.put(key, bytesOf(other)).catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(KeyTaken);
        expect(Buffer.from((refused as KeyTaken).existing).toString()).toBe('first');
      }
      expect(Buffer.from((await archive.get(key))!).toString()).toBe('first');
    });

    test('takes one of two bodies that are put at the same time, and tells the other', async () => {
      const { archive } = harness();
      const key = uniqueName('race');
      const outcomes = await Promise.allSettled([1, 2, 3].map((n) => archive.put(key, bytesOf(`body ${n}`))));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    });

    test('keeps what was put although the caller changes its bytes afterwards', async () => {
      const { archive } = harness();
      const key = uniqueName('copy');
      const body = bytesOf('kept');
      await archive.put(key, body);
      body.fill(0);
      (await archive.get(key))!.fill(0);
      expect(Buffer.from((await archive.get(key))!).toString()).toBe('kept');
    });

    test('lists keys in the order of their UTF-8 bytes, also those put after a listing', async () => {
      const prefix = `${uniqueName('order')}/`;
      const keys = ['b', 'a', 'B', 'é', 'z', '\uFF5E', '\u{1F331}', '\uE000', 'a/b', 'a b', 'ab', 'Küche'].map(
        (key) => `${prefix}${key}`,
      );
      const inOrder = (some: readonly string[]): string[] =>
        [...some].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      for (const count of [Math.floor(keys.length / 2), keys.length]) {
        await putKeys(keys.slice(0, count));
        const seen = await eventually(
          harness(),
          () => listKeys({ prefix, limit: 100 }),
          (listed) => listed.keys.length >= count,
        );
        expect(seen).toEqual({ keys: inOrder(keys.slice(0, count)), more: false });
      }
    });

    test('lists the keys of a prefix only', async () => {
      const prefix = uniqueName('prefix');
      await putKeys([`${prefix}/1`, `${prefix}/2`, `${prefix}0`, prefix.slice(0, -1)]);
      expect(await listKeys({ prefix: `${prefix}/`, limit: 10 })).toEqual({
        keys: [`${prefix}/1`, `${prefix}/2`],
        more: false,
      });
      expect(await listKeys({ prefix: `${prefix}/3`, limit: 10 })).toEqual({ keys: [], more: false });
    });

    test('goes through a prefix page by page, and says whether keys follow', async () => {
      const prefix = `${uniqueName('pages')}/`;
      const keys = range(7).map((index) => `${prefix}${index}`);
      await putKeys(keys);
      for (const limit of [1, 3, 7, 8]) {
        const seen: string[] = [];
        for (let more = true; more;) {
          const last = seen.at(-1);
          const page = await listKeys({ prefix, limit, ...(last !== undefined && { after: last }) });
          expect(page.keys.length).toBeLessThanOrEqual(limit);
          seen.push(...page.keys);
          expect(page.more).toBe(seen.length < keys.length);
          more = page.more;
        }
        expect(seen).toEqual(keys);
      }
    });

    test('starts after a key that need not exist, and never before the prefix', async () => {
      const prefix = `${uniqueName('after')}/`;
      await putKeys([`${prefix}a`, `${prefix}c`]);
      expect((await listKeys({ prefix, after: `${prefix}b`, limit: 10 })).keys).toEqual([`${prefix}c`]);
      expect((await listKeys({ prefix, after: `${prefix}c`, limit: 10 })).keys).toEqual([]);
      expect((await listKeys({ prefix, after: '!', limit: 10 })).keys).toEqual([`${prefix}a`, `${prefix}c`]);
    });
  });
}
