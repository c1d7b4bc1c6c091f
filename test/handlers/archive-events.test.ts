import { beforeEach, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { MemoryEventArchive } from '../../adapters/memory/memory-event-archive.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { ArchiveEvents } from '../../core/archive-events.ts';
import { StoreUnavailable } from '../../core/errors.ts';
import type { CallOptions, EventArchive } from '../../core/ports.ts';
import { createArchiveEventsHandler } from '../../handlers/archive-events.ts';
import { fromKinesisEvent } from '../../handlers/kinesis-records.ts';
import { toKinesisEvent } from '../../handlers/kinesis-records.ts';
import { CapturingLogger } from '../support/capturing-logger.ts';
import { faultyArchive } from '../support/faulty-ports.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { lambdaContext, sampleEvent, sampleSource } from '../support/lambda-sample.ts';
import { bytesOf, noon, streamRecord } from '../support/record-factory.ts';
import { Tape } from '../support/tape.ts';

const context = lambdaContext();
const compression = new NodeCompression();
const [firstNumber, lastNumber] = sampleEvent.Records.map(({ kinesis }) => kinesis.sequenceNumber);
const sampleKey = `2018-12-17/${firstNumber}-${lastNumber}.${fromKinesisEvent(sampleEvent)[0]!.shardId}.ndjson.gz`;
const sampleBatch = {
  requestId: 'request-1',
  shardId: 'shardId-000000000006',
  firstSequenceNumber: firstNumber,
  lastSequenceNumber: lastNumber,
  records: 2,
};

let archive: MemoryEventArchive;
let clock: FixedClock;
let log: CapturingLogger;

beforeEach(() => {
  archive = new MemoryEventArchive();
  clock = new FixedClock(noon);
  log = new CapturingLogger();
});

function handlerOn(port: EventArchive = archive) {
  return createArchiveEventsHandler(new ArchiveEvents(port, compression), clock, log);
}

/** An archive that refuses the first put, and takes what comes then. */
function briefOutage(): EventArchive {
  return faultyArchive(archive, new Tape([1]));
}

async function keys(): Promise<string[]> {
  return (await archive.list({ limit: 100 })).objects.map(({ key }) => key);
}

describe('a batch that is archived', () => {
  test('is answered with no failures and logged with the object that holds it', async () => {
    expect(await handlerOn()(sampleEvent, context)).toEqual({ batchItemFailures: [] });
    expect(await keys()).toEqual([sampleKey]);
    expect(log.entries).toEqual([
      { level: 'info', message: 'archived', fields: { ...sampleBatch, key: sampleKey, durationMillis: 0 } },
    ]);
  });

  test('may be empty: no object, no failure', async () => {
    expect(await handlerOn()({ Records: [] }, context)).toEqual({ batchItemFailures: [] });
    expect(await keys()).toEqual([]);
  });

  test('a retry across midnight writes the same key, hence the same object', async () => {
    const handler = handlerOn(faultyArchive(archive, new Tape([2]))); // It is written, but the answer is lost.
    const beforeMidnight = Date.UTC(2026, 0, 15, 23, 59, 59, 900);
    const event = toKinesisEvent([streamRecord({ arrivedAt: beforeMidnight })], sampleSource);

    clock.set(beforeMidnight);
    expect((await handler(event, context)).batchItemFailures).toHaveLength(1);
    const written = await keys();
    clock.set(Date.UTC(2026, 0, 16, 0, 0, 1));
    expect((await handler(event, context)).batchItemFailures).toEqual([]);

    expect(await keys()).toEqual(written);
    expect(written).toEqual([expect.stringMatching(/^2026-01-15\//)]);
  });
});

describe('an archive that does not take the batch now', () => {
  test('has the whole batch come again: its first record is reported, and the cause is logged', async () => {
    const handler = handlerOn(briefOutage());

    expect(await handler(sampleEvent, context)).toEqual({ batchItemFailures: [{ itemIdentifier: firstNumber }] });
    expect(log.entries).toEqual([
      {
        level: 'warn',
        message: 'not archived, to be retried',
        fields: { ...sampleBatch, durationMillis: 0, err: new StoreUnavailable('archive', 'refused') },
      },
    ]);

    expect(await handler(sampleEvent, context)).toEqual({ batchItemFailures: [] });
    expect(await keys()).toEqual([sampleKey]);
  });
});

test('an error of the program is thrown, and so becomes a function error', async () => {
  const handler = handlerOn(faultyArchive(archive, new Tape([3])));

  await expect(handler(sampleEvent, context)).rejects.toThrow('a bug of the adapter');
});

test('what is no Kinesis event is an error of the program too', async () => {
  await expect(handlerOn()({} as typeof sampleEvent, context)).rejects.toThrow(TypeError);
});

test('the archive is given the time that is left, less what the answer takes', async () => {
  const seen: (CallOptions | undefined)[] = [];
  const watched: EventArchive = { ...briefOutage(), put: async (_key, _body, options) => void seen.push(options) };

  await handlerOn(watched)(sampleEvent, lambdaContext(30_000));

  expect(seen.map((options) => options?.remainingMillis?.())).toEqual([29_000]);
});

test('payloads are never logged, whether it succeeds or not', async () => {
  const event = toKinesisEvent([streamRecord({ data: bytesOf('{"door code":"4711"') })], sampleSource);
  const handler = handlerOn(briefOutage());
  await handler(event, context);
  await handler(event, context);

  expect(log.entries.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(inspect(log.entries, { depth: null })).not.toContain('4711');
});
