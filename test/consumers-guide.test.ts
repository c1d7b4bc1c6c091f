/** What `docs/consumers.md` shows works as it says. */
import { expect, jest, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { MemoryEventArchive } from '../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../adapters/memory/memory-event-stream.ts';
import { compileFilterCriteria, type FilterCriteria } from '../core/event-source-mapping/filter-criteria.ts';
import type { EventSourceMappingSettings } from '../core/pipeline.ts';
import { MemoryCheckpoints } from '../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../local-server/delivery/event-source-mapping.ts';
import { createLambdaFunction } from '../local-server/delivery/lambda-runtime.ts';
import { CapturingLogger } from './support/capturing-logger.ts';
import { mappingSettings } from './support/mapping-settings.ts';
import { bytesOf, streamRecord } from './support/record-factory.ts';
import { VirtualTime } from './support/virtual-time.ts';

const guide = await readFile(new URL('../docs/consumers.md', import.meta.url), 'utf8');
const [filter, settings] = [...guide.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => JSON.parse(json!) as unknown);
const [code] = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, js]) => js!);

test('the filter lets through what is hot', () => {
  const passes = compileFilterCriteria(filter as FilterCriteria);
  const values = [80, 81, '81'].map((value) => ({ ...streamRecord(), data: bytesOf({ sensorid: 'a', value }) }));
  expect(values.map(passes)).toEqual([false, true, false]);
});

test('the function prints the mean of each sensor and minute', async () => {
  const { handler } = (await import(`data:text/javascript,${encodeURIComponent(code!)}`)) as {
    handler: (event: unknown) => Promise<unknown>;
  };
  const lines: unknown[] = [];
  const print = jest.spyOn(console, 'log').mockImplementation((line: string) => {
    lines.push(JSON.parse(line));
  });
  const time = new VirtualTime();
  const restore = time.install();
  try {
    const clock = { now: () => Date.UTC(2026, 0, 15, 12, 0, 1) + time.now };
    const stream = new MemoryEventStream({ clock, shards: 1 });
    const mapping = new EventSourceMapping({
      name: 'f',
      mappingId: '11111111-2222-4333-8444-555555555555',
      settings: mappingSettings(settings as Partial<EventSourceMappingSettings>),
      reader: stream,
      function: createLambdaFunction({
        name: 'f',
        timeoutInSeconds: 3,
        memoryInMiB: 128,
        accountId: '000000000000',
        region: 'us-east-1',
        clock,
        handler,
      }),
      functionArn: 'arn:f',
      source: { streamArn: 'arn:stream', region: 'us-east-1', roleArn: 'arn:role' },
      failures: new MemoryEventArchive(),
      checkpoints: new MemoryCheckpoints(),
      clock,
      log: new CapturingLogger(),
    });
    const put = (sensorid: string, value: unknown) =>
      stream.put([{ partitionKey: sensorid, data: bytesOf({ sensorid, value }) }]);
    mapping.start();
    await put('a', 1);
    await put('b', '5');
    await time.pass(20_000);
    const noon = Date.UTC(2026, 0, 15, 12);
    const openWindow = { start: noon, end: noon + 60_000 };
    expect(await mapping.state()).toMatchObject({ shards: [{ openWindow }] });
    await put('a', 3);
    await time.pass(60_000);
    await put('a', 7);
    await time.pass(180_000);
    expect(lines).toEqual([
      { minute: '2026-01-15T12:00:00Z', sensorid: 'a', count: 2, mean: 2 },
      { minute: '2026-01-15T12:00:00Z', sensorid: 'b', count: 1, mean: 5 },
      { minute: '2026-01-15T12:01:00Z', sensorid: 'a', count: 1, mean: 7 },
    ]);
    expect((await mapping.state()).shards[0]).not.toHaveProperty('openWindow');
    const stopped = mapping.stop();
    await time.settle();
    await stopped;
  } finally {
    restore();
    print.mockRestore();
  }
});
