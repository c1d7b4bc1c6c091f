import { expect, test } from '@jest/globals';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { eventArchiveContract } from '../../contracts/event-archive-contract.ts';
import { bytesOf } from '../../support/record-factory.ts';

eventArchiveContract('memory', async () => ({ archive: new MemoryEventArchive() }));

test('reports how many objects and bytes it holds, an object that is put again once', async () => {
  const archive = new MemoryEventArchive();
  expect(archive.statistics()).toEqual({ objects: 0, bytes: 0 });
  await archive.put('a', bytesOf('12345'));
  await archive.put('b', bytesOf('123'));
  await archive.put('a', bytesOf('12345'));
  expect(archive.statistics()).toEqual({ objects: 2, bytes: 8 });
});

test('lists everything where no prefix is given', async () => {
  const archive = new MemoryEventArchive();
  for (const key of ['b', 'c', 'a']) await archive.put(key, bytesOf(key));
  expect(await archive.list({ limit: 2 })).toEqual({
    objects: [
      { key: 'a', size: 1 },
      { key: 'b', size: 1 },
    ],
    more: true,
  });
});
