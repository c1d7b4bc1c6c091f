/** Records up to 10 MiB, which a stream may take, against the 6 MB of an invocation, which counts base64. */
import { expect, test } from '@jest/globals';
import { MemoryEventArchive } from '../../../adapters/memory/memory-event-archive.ts';
import { MemoryEventStream } from '../../../adapters/memory/memory-event-stream.ts';
import { fromKinesisEvent } from '../../../handlers/kinesis-records.ts';
import { MemoryCheckpoints } from '../../../local-server/delivery/checkpoints.ts';
import { EventSourceMapping } from '../../../local-server/delivery/event-source-mapping.ts';
import { CapturingLogger } from '../../support/capturing-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { FixedClock } from '../../support/fixed-clock.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';

const MIB = 1_048_576;
type Event = Parameters<typeof fromKinesisEvent>[0];

test('batches are cut by the size of their base64, and what no invocation can hold is kept whole by the destination', async () => {
  const clock = new FixedClock();
  const stream = new MemoryEventStream({ clock, shards: 1, maxRecordKib: 10_240 });
  const failures = new MemoryEventArchive();
  const events: { readonly records: number; readonly bytes: number }[] = [];
  const mapping = new EventSourceMapping({
    name: 'f',
    mappingId: '11111111-2222-4333-8444-555555555555',
    settings: mappingSettings(),
    reader: stream,
    function: {
      invoke: async (event) => {
        events.push({ records: (event as Event).Records.length, bytes: JSON.stringify(event).length });
        return { requestId: 'r', statusCode: 200, executedVersion: '$LATEST', payload: null };
      },
    },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    source: { streamArn: 'arn:stream', region: 'us-east-1', roleArn: 'arn:role' },
    failures,
    checkpoints: new MemoryCheckpoints(),
    clock,
    log: new CapturingLogger(),
  });
  // As base64: 2.67 MiB each, of which two fit into an event; 6.67 MiB, which does not; 5.99 MiB, which just does.
  const sizes = [2, 2, 2, 5, 4.49].map((mib) => Math.floor(mib * MIB));
  const large = Buffer.alloc(sizes[3]!, 'ü');
  const data = sizes.map((size, index) => (index === 3 ? large : Buffer.alloc(size, index)));
  await stream.put(data.map((bytes) => ({ partitionKey: 'key', data: bytes })));
  mapping.start();
  try {
    await eventually(async () => {
      mapping.wake();
      return (await mapping.state()).shards[0]?.recordsBehind === 0;
    });
  } finally {
    await mapping.stop();
  }

  expect(events.map(({ records }) => records)).toEqual([2, 1, 1]);
  for (const { bytes } of events) expect(bytes).toBeLessThanOrEqual(6 * MIB);
  const { objects } = await failures.list({ limit: 10 });
  expect(objects).toHaveLength(1);
  const failure = JSON.parse(Buffer.from((await failures.get(objects[0]!.key))!).toString()) as {
    readonly KinesisBatchInfo: unknown;
    readonly payload: string;
  };
  expect(failure).toMatchObject({
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
    KinesisBatchInfo: { batchSize: 1 },
  });
  expect(failure).not.toHaveProperty('responseContext');
  const [record] = fromKinesisEvent(JSON.parse(failure.payload) as Event);
  expect(Buffer.from(record!.data).equals(large)).toBe(true);
}, 60_000);
