import { expect, test } from '@jest/globals';
import { NodeCompression } from '../../../adapters/node/node-compression.ts';
import { compressionContract } from '../../contracts/compression-contract.ts';
import { bytesOf } from '../../support/record-factory.ts';

compressionContract('node', async () => ({ compression: new NodeCompression() }));

test('compresses the same bytes to the same bytes, so that a retry leaves the same object', async () => {
  const compression = new NodeCompression();
  const [first, second] = [await compression.compress(bytesOf('again')), await compression.compress(bytesOf('again'))];
  expect(Buffer.compare(first, second)).toBe(0);
});

test('refuses to expand a small file without bound', async () => {
  const compression = new NodeCompression(1_000);
  expect(await compression.decompress(await compression.compress(new Uint8Array(1_000)))).toHaveLength(1_000);
  const bomb = await compression.compress(new Uint8Array(1_001));
  await expect(compression.decompress(bomb)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
});
