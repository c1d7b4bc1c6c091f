import { describe, expect, test } from '@jest/globals';
import type { InvocationOutcome } from '../../../core/event-source-mapping/decision.ts';
import { Lane } from '../../../core/event-source-mapping/lane.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';
import type { StreamRecord } from '../../../core/ports.ts';
import { mappingSettings } from '../../support/mapping-settings.ts';
import { records } from '../../support/record-factory.ts';

const ok: InvocationOutcome = { type: 'response', payload: null };
const error: InvocationOutcome = { type: 'function-error' };

function laneWith(changes: Partial<EventSourceMappingSettings>, contents: readonly StreamRecord[], now = 0): Lane {
  const lane = new Lane(mappingSettings(changes));
  for (const record of contents) lane.push(record, now);
  return lane;
}

const numbers = (work: { records: readonly StreamRecord[] } | undefined) =>
  work?.records.map(({ sequenceNumber }) => sequenceNumber);

describe('batches', () => {
  test('go out at once without a window, as full as they can be', () => {
    const batch = records(5);
    const lane = laneWith({ batchSize: 3 }, batch);
    expect(numbers(lane.take(0))).toEqual(numbers({ records: batch.slice(0, 3) }));
    expect(lane.take(0)).toBeUndefined(); // One at a time.
    lane.invoked(ok, 0);
    expect(numbers(lane.take(0))).toEqual(numbers({ records: batch.slice(3) }));
  });

  test('wait for the window, and go out when it is over', () => {
    const lane = laneWith({ batchSize: 10, maximumBatchingWindowInSeconds: 2 }, records(3), 1_000);
    expect(lane.take(2_999)).toBeUndefined();
    expect(lane.dueAt()).toBe(3_000);
    expect(lane.take(3_000)?.records).toHaveLength(3);
  });

  test('go out before the window is over when they are full', () => {
    const lane = laneWith({ batchSize: 3, maximumBatchingWindowInSeconds: 300 }, records(3), 1_000);
    expect(lane.take(1_000)?.records).toHaveLength(3);
  });

  test('collect anew from the end of the previous invocation on', () => {
    const lane = laneWith({ batchSize: 2, maximumBatchingWindowInSeconds: 2 }, records(3), 0);
    lane.take(0);
    lane.invoked(ok, 5_000);
    expect(lane.dueAt()).toBe(7_000);
  });

  test('stay within the 6 MB of an invocation', () => {
    const large = records(10, { data: new Uint8Array(1_000_000) });
    const lane = laneWith({ batchSize: 10, maximumBatchingWindowInSeconds: 300 }, large);
    expect(lane.take(0)?.records).toHaveLength(4); // 4 × 1.33 MB in base64
  });

  // Kinesis Developer Guide, "Handle large records": Lambda hands what is over its 6 MB to the on-failure destination.
  test('leave out a record that no invocation can hold: it is given up, in its turn, without a try', () => {
    const [first, second, third] = records(3);
    const large = { ...second!, data: new Uint8Array(5_000_000) };
    const lane = laneWith({ batchSize: 10 }, [first!, large, third!]);
    expect(lane.take(0)).toMatchObject({ type: 'invoke', records: [first] });
    lane.invoked(ok, 0);
    const work = lane.take(0);
    expect(work).toMatchObject({ type: 'give-up', attempts: { invocations: 0 } });
    expect(numbers(work)).toEqual([large.sequenceNumber]);
    lane.givenUp(false, 0);
    expect(lane.take(0)).toBeUndefined(); // It waits for the destination, and nothing passes it.
    expect(lane.take(60_000)).toMatchObject({ type: 'give-up' });
    lane.givenUp(true, 60_000);
    expect(numbers(lane.take(60_000))).toEqual([third!.sequenceNumber]);
  });

  test('hold a record whose event just fits into an invocation', () => {
    const fits = records(1, { data: new Uint8Array(4_700_000) });
    expect(laneWith({}, fits).take(0)).toMatchObject({ type: 'invoke' });
  });
});

describe('a failing batch', () => {
  test('is delivered in halves, left first, down to the record at fault, and the rest succeeds', () => {
    const batch = records(8);
    const poison = batch[5]!.sequenceNumber;
    const lane = laneWith({ bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 }, batch);
    const tries: string[] = [];
    const givenUp: string[] = [];
    for (let work = lane.take(0); work !== undefined; work = lane.take(0)) {
      const places = work.records.map((record) => batch.indexOf(record)).join('');
      if (work.type === 'give-up') {
        givenUp.push(places);
        lane.givenUp(true, 0);
      } else {
        tries.push(places);
        lane.invoked(numbers(work)?.includes(poison) === true ? error : ok, 0);
      }
    }
    expect(tries).toEqual(['01234567', '0123', '4567', '45', '4', '5', '67']);
    expect(givenUp).toEqual(['5']);
    expect(lane.length).toBe(0);
  });

  test('blocks what came later until it is through', () => {
    const batch = records(4);
    const lane = laneWith({ batchSize: 2 }, batch);
    lane.take(0);
    lane.invoked(error, 0);
    expect(lane.take(199)).toBeUndefined();
    expect(lane.dueAt()).toBe(200);
    expect(numbers(lane.take(200))).toEqual(numbers({ records: batch.slice(0, 2) }));
  });

  test('is tried again at the failure destination until that holds it', () => {
    const lane = laneWith({ maximumRetryAttempts: 0 }, records(2));
    lane.take(0);
    lane.invoked(error, 0);
    expect(lane.take(0)?.type).toBe('give-up');
    lane.givenUp(false, 0);
    expect(lane.take(0)).toBeUndefined();
    expect(lane.take(200)).toMatchObject({ type: 'give-up', condition: 'RetryAttemptsExhausted' });
    lane.givenUp(true, 200);
    expect(lane.length).toBe(0);
  });
});

describe('expired records', () => {
  test('are given up without an invocation, and the younger ones behind them go on', () => {
    const [old, young] = [records(2, { arrivedAt: 0 }), records(2, { arrivedAt: 100_000 })];
    const lane = laneWith({ maximumRecordAgeInSeconds: 60 }, [...old, ...young]);
    const work = lane.take(100_000);
    expect(work).toMatchObject({ type: 'give-up', condition: 'RecordAgeExceeded', attempts: { invocations: 0 } });
    expect(work?.records).toEqual(old);
    lane.givenUp(true, 100_000);
    expect(lane.take(100_000)).toMatchObject({ type: 'invoke', records: young });
  });
});

test('a lane refuses an answer to what it did not hand out', () => {
  const lane = laneWith({}, records(1));
  expect(() => lane.invoked(ok, 0)).toThrow('no invoke is in flight');
  lane.take(0);
  expect(() => lane.givenUp(true, 0)).toThrow('no give-up is in flight');
});

test('what the stream holds no more is dropped, and the rest of its batch goes on with what it had been through', () => {
  const batch = records(4);
  const lane = laneWith({ batchSize: 3, maximumRetryAttempts: 1 }, batch);
  lane.take(0);
  lane.invoked(error, 0);
  lane.take(200);
  lane.trimmed(2, 200);

  const again = lane.take(200);
  expect(again).toMatchObject({ type: 'invoke', attempts: { failures: 1, invocations: 1 } });
  expect(numbers(again)).toEqual(numbers({ records: batch.slice(2, 3) }));
  lane.trimmed(1, 200);
  const fresh = lane.take(200);
  expect(fresh).toMatchObject({ type: 'invoke', attempts: { failures: 0, invocations: 0 } });
  expect(numbers(fresh)).toEqual(numbers({ records: batch.slice(3) }));
});
