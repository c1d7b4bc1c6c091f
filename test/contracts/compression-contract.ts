/** What every compression promises. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Compression } from '../../core/ports.ts';
import { bytesOf } from '../support/record-factory.ts';
import { type Harness, range, useHarness } from './harness.ts';

export interface CompressionHarness extends Harness {
  readonly compression: Compression;
}

export function compressionContract(name: string, create: () => Promise<CompressionHarness>): void {
  describe(`compression: ${name}`, () => {
    const harness = useHarness(create);
    const bodies = [new Uint8Array(0), Uint8Array.from(range(256)), bytesOf('°C 🌱\n'.repeat(50_000))];

    test('decompresses what it compressed', async () => {
      const { compression } = harness();
      for (const body of bodies) {
        const back = await compression.decompress(await compression.compress(body));
        expect(Buffer.compare(back, body)).toBe(0);
      }
    });

    test('speaks the gzip of everyone else', async () => {
      const { compression } = harness();
      for (const body of bodies) {
        expect(Buffer.compare(gunzipSync(await compression.compress(body)), body)).toBe(0);
        expect(Buffer.compare(await compression.decompress(gzipSync(body)), body)).toBe(0);
      }
    });

    test('unpacks no more than the caller wants', async () => {
      const { compression } = harness();
      const packed = await compression.compress(bytesOf('12345'));
      expect(Buffer.from(await compression.decompress(packed, 5)).toString()).toBe('12345');
      await expect(compression.decompress(packed, 4)).rejects.toThrow();
    });

    test('unpacks a record at once, within the same bounds', async () => {
      const { compression } = harness();
      const packed = await compression.compress(bytesOf('12345'));
      expect(Buffer.from(compression.decompressNow(packed, 5)).toString()).toBe('12345');
      expect(() => compression.decompressNow(packed, 4)).toThrow();
      expect(() => compression.decompressNow(packed.subarray(0, -4), 5)).toThrow();
      expect(() => compression.decompressNow(bytesOf('plain'), 5)).toThrow();
    });

    test('refuses bytes that are no gzip, and gzip that is cut short', async () => {
      const { compression } = harness();
      await expect(compression.decompress(bytesOf('plain'))).rejects.toThrow();
      const whole = await compression.compress(bytesOf('whole'));
      await expect(compression.decompress(whole.subarray(0, -4))).rejects.toThrow();
    });
  });
}
