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
  expect(await archive.list({ limit: 2 })).toMatchObject({
    objects: [
      { key: 'a', size: 1 },
      { key: 'b', size: 1 },
    ],
    more: true,
  });
});

test('takes the time from its clock', async () => {
  let now = 1_000;
  const archive = new MemoryEventArchive({ clock: { now: () => now } });
  await archive.put('a', bytesOf('1'));
  now = 2_000;
  await archive.put('a', bytesOf('1'));
  await archive.put('b', bytesOf('1'));
  const { objects } = await archive.list({ limit: 2 });
  expect(objects.map(({ modifiedAt }) => modifiedAt)).toEqual([1_000, 2_000]);
});
