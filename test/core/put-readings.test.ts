import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { describe, expect, test } from '@jest/globals';
import { MemoryEventStream } from '../../adapters/memory/memory-event-stream.ts';
import type { CallOptions, EventStream, PutOutcome, StreamEvent } from '../../core/ports.ts';
import { canBeSentAgain, type Candidate, PutReadings } from '../../core/put-readings.ts';
import { parseReading } from '../../core/reading.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { bytesOf, noon, sequenceNumber } from '../support/record-factory.ts';

const clock = new FixedClock(noon);
const shardId = 'shardId-000000000000';

function candidate(content: unknown): Candidate {
  const data = bytesOf(content);
  return { data, result: parseReading(data, noon) };
}

function reading(sensorid: string, value: unknown = 1): Candidate {
  return candidate({ sensorid, value });
}

/** A stream that answers as it is told and keeps what it was asked. */
function scriptedStream(...outcomes: readonly PutOutcome[]) {
  const calls: { events: readonly StreamEvent[]; options: CallOptions | undefined }[] = [];
  const stream: EventStream = {
    put: async (events, options) => {
      calls.push({ events, options });
      return outcomes;
    },
  };
  return { stream, calls };
}

const throttled: PutOutcome = {
  taken: false,
  code: 'ProvisionedThroughputExceededException',
  message: 'Rate exceeded.',
};
const taken = (n: number): PutOutcome => ({ taken: true, shardId, sequenceNumber: sequenceNumber(n) });

describe('a reading', () => {
  test('goes into the stream as it was sent, under its sensor id', async () => {
    const stream = new MemoryEventStream({ clock, shards: 1 });
    const text = '{ "value": "22.0",\n "sensorid": "Küche", "unit": "°C" }';

    const { accepted, rejected } = await new PutReadings(stream, clock, new NodeCompression()).put([candidate(text)]);

    const { records } = await stream.read(shardId, { type: 'TRIM_HORIZON' }, 10);
    expect(records).toMatchObject([{ partitionKey: 'Küche' }]);
    expect(Buffer.from(records[0]!.data).toString()).toBe(text);
    expect(accepted).toEqual([{ index: 0, shardId, sequenceNumber: records[0]!.sequenceNumber }]);
    expect(rejected).toEqual([]);
  });

  test('that is far from now is accepted and flagged', async () => {
    const { stream } = scriptedStream(taken(1));
    const late = candidate({ sensorid: 'a', value: 1, timestamp: '2015-11-02T10:00:00Z' });

    const { accepted } = await new PutReadings(stream, clock, new NodeCompression()).put([late]);

    expect(accepted).toEqual([{ index: 0, shardId, sequenceNumber: sequenceNumber(1), flags: ['far-past'] }]);
  });

  test('without a timestamp is taken to be of now', () => {
    expect(new PutReadings(scriptedStream().stream, clock, new NodeCompression()).now()).toBe(noon);
  });
});

describe('what is no reading', () => {
  test('is refused with its reason, and the others are taken', async () => {
    const { stream, calls } = scriptedStream(taken(1), taken(2));

    const outcome = await new PutReadings(stream, clock, new NodeCompression()).put([
      candidate('not JSON'),
      reading('a'),
      reading('b', 'abc'),
      reading('c'),
    ]);

    expect(calls[0]?.events.map(({ partitionKey }) => partitionKey)).toEqual(['a', 'c']);
    expect(outcome).toEqual({
      accepted: [
        { index: 1, shardId, sequenceNumber: sequenceNumber(1) },
        { index: 3, shardId, sequenceNumber: sequenceNumber(2) },
      ],
      rejected: [
        {
          index: 0,
          reason: 'body must be JSON, but is not JSON',
          reasons: [{ field: 'body', rule: 'must be JSON', seen: 'not JSON' }],
        },
        {
          index: 2,
          reason: 'value must be a finite number or a numeric string, but is "abc"',
          reasons: [{ field: 'value', rule: 'must be a finite number or a numeric string', seen: '"abc"' }],
        },
      ],
    });
  });

  test('alone does not bother the stream', async () => {
    const { stream, calls } = scriptedStream();
    const outcome = await new PutReadings(stream, clock, new NodeCompression()).put([candidate('not JSON')]);

    expect(outcome.rejected).toHaveLength(1);
    expect(calls).toEqual([]);
  });
});

test('what the stream did not take can be sent again, and is listed with the rest in the order sent', async () => {
  const { stream } = scriptedStream(throttled, taken(1));

  const { accepted, rejected } = await new PutReadings(stream, clock, new NodeCompression()).put([
    reading('a'),
    candidate('not JSON'),
    reading('b'),
    reading('c'),
  ]);

  expect(accepted.map(({ index }) => index)).toEqual([2]);
  expect(rejected).toEqual([
    {
      index: 0,
      reason: 'not taken, send it again (ProvisionedThroughputExceededException: Rate exceeded.)',
      reasons: [],
    },
    expect.objectContaining({ index: 1 }),
    { index: 3, reason: 'not taken, send it again (the stream gave no answer for it)', reasons: [] },
  ]);
});

test('what the stream can never take is rejected for good', async () => {
  const message = 'Data and partition key must have at most 1048576 bytes together, but have 1200033.';
  const { stream } = scriptedStream({ taken: false, code: 'ValidationException', message, permanent: true });

  const { rejected } = await new PutReadings(stream, clock, new NodeCompression()).put([reading('a')]);

  expect(rejected).toMatchObject([
    { index: 0, reason: expect.stringContaining(message), reasons: [{ field: 'body' }] },
  ]);
  expect(rejected.some(canBeSentAgain)).toBe(false);
});

test('indexes go on where an earlier part of the same request ended', async () => {
  const { stream } = scriptedStream(taken(1));

  const { accepted, rejected } = await new PutReadings(stream, clock, new NodeCompression()).put(
    [reading('a'), candidate('not JSON')],
    500,
  );

  expect([...accepted, ...rejected].map(({ index }) => index)).toEqual([500, 501]);
});

test('the stream is given the time that is left', async () => {
  const inFiveMillis = { remainingMillis: () => 5 };
  const { stream, calls } = scriptedStream(taken(1));

  await new PutReadings(stream, clock, new NodeCompression()).put([reading('a')], 0, inFiveMillis);

  expect(calls[0]?.options).toEqual(inFiveMillis);
});
