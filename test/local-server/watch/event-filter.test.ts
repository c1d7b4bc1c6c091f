import { expect, test } from '@jest/globals';
import { readEventFilter } from '../../../local-server/watch/event-filter.ts';
import { EventLog } from '../../../local-server/watch/event-log.ts';
import type { EventType } from '../../../local-server/watch/event-types.ts';
import { EventReader } from '../../support/server-sent-events.ts';

const happened: readonly (readonly [EventType, unknown])[] = [
  ['stored', { readings: [{ sensorId: 'a' }, { sensorId: 'b' }] }],
  ['stored', { readings: [{ sensorId: 'b' }] }],
  ['stored', { readings: [{ sensorId: 'c', note: 'a' }] }],
  ['stored', { readings: [{ sensorId: 'ä"\\\n' }] }],
  ['quarantined', { partitionKey: 'a' }],
  ['quarantined', { partitionKey: 'b' }],
  ['archived', { key: 'a' }],
];

function through(query: Parameters<typeof readEventFilter>[0]): unknown[] {
  const log = new EventLog(100_000);
  for (const [type, data] of happened) log.append(type, data);
  const reader = new EventReader();
  return log
    .after(0, readEventFilter(query).apply)
    .blocks.flatMap((block) => reader.read(block))
    .map(({ type, data }) => [type, data]);
}

test.each([
  [{}, happened],
  [{ types: 'archived' }, [happened[6]]],
  [{ types: 'archived, quarantined' }, happened.slice(4)],
  [{ types: ['archived', 'quarantined'] }, happened.slice(4)],
  [{ sensor: 'a' }, [['stored', { readings: [{ sensorId: 'a' }] }], happened[4]]],
  [{ sensor: ['b', 'a'], types: 'stored' }, happened.slice(0, 2)],
  [{ sensor: 'ä"\\\n' }, [happened[3]]],
  [{ sensor: 'A' }, []],
  [{ sensor: 'b', types: 'quarantined,archived' }, happened.slice(5)],
])('%j', (query, expected) => {
  expect(through(query)).toEqual(expected);
});

test.each([
  [{ types: 'store' }, /^types: has 'store'.* stored, archived, .*clock$/],
  [{ types: '' }, /^types: has ''/],
  [{ types: 'stored,,clock' }, /^types: has ''/],
  [{ types: 'toString' }, /^types: has 'toString'/],
  [{ sensor: '' }, /^sensor: is empty/],
  [{ sensor: ['a', ''] }, /^sensor: is empty/],
])('%j is rejected', (query, message) => {
  expect(() => readEventFilter(query)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
});
