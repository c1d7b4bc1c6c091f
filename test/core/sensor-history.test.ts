import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemorySensorData } from '../../adapters/memory/memory-sensor-data.ts';
import { InvalidRequest, StoreUnavailable } from '../../core/errors.ts';
import {
  DEFAULT_HISTORY_LIMIT,
  type HistoryRequest,
  MAX_HISTORY_LIMIT,
  SensorHistory,
} from '../../core/sensor-history.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { noon, storedReading } from '../support/record-factory.ts';

const sensorId = 'Küche °C';
const clock = { now: () => noon };
let table: MemorySensorData;
let history: SensorHistory;

beforeEach(() => {
  table = new MemorySensorData();
  history = new SensorHistory(table, clock);
});

/** A reading at the n-th second after noon, with n as its value. */
async function put(...seconds: readonly number[]): Promise<void> {
  await table.put(seconds.map((n) => storedReading({ sensorId, value: n, timestamp: at(n) })));
}

function at(second: number): string {
  return formatTimestamp(noon + second * 1_000);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}

async function valuesOf(request: HistoryRequest): Promise<number[]> {
  const { readings } = await history.read({ sensorId, ...request });
  return readings.map(({ value }) => value);
}

/** The values of each page up to the last. */
async function pagesOf(request: HistoryRequest, betweenPages: () => Promise<void> = async () => undefined) {
  const pages: number[][] = [];
  let cursor: string | undefined;
  do {
    const { readings, nextCursor } = await history.read({ sensorId, ...request, cursor });
    pages.push(readings.map(({ value }) => value));
    cursor = nextCursor;
    await betweenPages();
  } while (cursor !== undefined);
  return pages;
}

async function refusalOf(request: HistoryRequest): Promise<InvalidRequest> {
  try {
    await history.read({ sensorId, ...request });
  } catch (error) {
    if (error instanceof InvalidRequest) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('without further wishes', () => {
  test('the 20 newest readings come, newest first', async () => {
    await put(...upTo(30));

    const page = await history.read({ sensorId });

    expect(page.sensorId).toBe(sensorId);
    expect(page.readings).toHaveLength(DEFAULT_HISTORY_LIMIT);
    expect(DEFAULT_HISTORY_LIMIT).toBe(20);
    expect(page.readings[0]).toEqual(storedReading({ sensorId, value: 30, timestamp: at(30) }));
    expect(page.readings.at(-1)).toMatchObject({ value: 11 });
  });

  test('a sensor that is not known has an empty history', async () => {
    await put(1);

    expect(await history.read({ sensorId: 'another' })).toEqual({ sensorId: 'another', readings: [] });
  });

  test.each([undefined, null, ''])('an option given as %p counts as not given', async (nothing) => {
    await put(...upTo(21));

    const wishes = { from: nothing, to: nothing, limit: nothing, order: nothing, cursor: nothing };

    expect(await history.read({ sensorId, ...wishes })).toEqual(await history.read({ sensorId }));
  });
});

describe('the sensor id', () => {
  test.each([
    [undefined, 'must be a string'],
    [42, 'must be a string'],
    ['', 'must not be empty'],
    ['a\nb', 'must not contain the control character U+000A'],
    ['x'.repeat(257), 'must have at most 256 characters'],
  ])('%j is refused: %s', async (bad, problem) => {
    expect(await refusalOf({ sensorId: bad })).toMatchObject({ field: 'sensorId', message: `sensorId: ${problem}` });
  });
});

describe('the limit', () => {
  test.each([
    [1, 1],
    ['20', 20],
    [1_000, 1_000],
    ['1000', 1_000],
  ])('%j is taken', async (limit, expected) => {
    await put(...upTo(1_001));

    expect(await valuesOf({ limit })).toHaveLength(expected);
  });

  test.each([0, -1, 1_001, 1.5, NaN, Infinity, '0', '1001', '-1', '1.5', '1e2', ' 20', '0x10', 'many', true, [20]])(
    '%p is refused',
    async (limit) => {
      expect(await refusalOf({ limit })).toMatchObject({
        field: 'limit',
        message: `limit: must be a whole number from 1 to ${MAX_HISTORY_LIMIT}`,
      });
    },
  );
});

describe('the order', () => {
  test.each([
    ['asc', [1, 2, 3]],
    ['desc', [3, 2, 1]],
  ])('%s is taken', async (order, expected) => {
    await put(2, 3, 1);

    expect(await valuesOf({ order })).toEqual(expected);
  });

  test.each(['newest', 'ASC', 1, true])('%p is refused', async (order) => {
    expect(await refusalOf({ order })).toMatchObject({ field: 'order' });
  });
});

describe('the range', () => {
  beforeEach(() => put(1, 2, 3, 4, 5));

  test('holds both its ends', async () => {
    expect(await valuesOf({ from: at(2), to: at(4) })).toEqual([4, 3, 2]);
    expect(await valuesOf({ from: at(2), to: at(4), order: 'asc' })).toEqual([2, 3, 4]);
  });

  test('may be open at either end, or a single instant', async () => {
    expect(await valuesOf({ from: at(4) })).toEqual([5, 4]);
    expect(await valuesOf({ to: at(2) })).toEqual([2, 1]);
    expect(await valuesOf({ from: at(3), to: at(3) })).toEqual([3]);
  });

  test('takes the newest of the range where the limit is smaller, or the oldest if asked', async () => {
    expect(await valuesOf({ from: at(2), to: at(4), limit: 2 })).toEqual([4, 3]);
    expect(await valuesOf({ from: at(2), to: at(4), limit: 2, order: 'asc' })).toEqual([2, 3]);
  });

  test.each([
    '2026-01-15T12:00:03.000Z',
    '2026-01-15T12:00:03Z',
    '2026-01-15T12:00:03',
    '2026-01-15T13:00:03+01:00',
    '2026-01-15T07:00:03-0500',
    '20260115T120003Z',
    '2026-01-15 12:00:03,000000',
    noon + 3_000,
    String(noon + 3_000),
  ])('takes an instant written as %p', async (instant) => {
    expect(await valuesOf({ from: instant })).toEqual([5, 4, 3]);
    expect(await valuesOf({ to: instant })).toEqual([3, 2, 1]);
    expect(await valuesOf({ from: instant, to: at(3) })).toEqual([3]);
  });

  test('takes a day for its first instant', async () => {
    expect(await valuesOf({ from: '2026-01-15', to: '2026-01-16' })).toHaveLength(5);
    expect(await valuesOf({ to: '2026-01-15' })).toEqual([]);
  });

  test.each(['yesterday', '2026-02-30', '2026-01-15T25:00:00Z', NaN, true, ['2026-01-15']])(
    'refuses %p at either end',
    async (instant) => {
      const rule =
        'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970';

      expect(await refusalOf({ from: instant })).toMatchObject({ field: 'from', message: `from: ${rule}` });
      expect(await refusalOf({ to: instant })).toMatchObject({ field: 'to', message: `to: ${rule}` });
    },
  );

  // grafana/grafana#18763 and sensu/grafana-sensu-go-datasource#15: seconds for milliseconds gave everything, or nothing.
  test.each([
    noon / 1_000 + 3,
    String(noon / 1_000 + 3),
    (noon + 3_000) * 1_000,
    '20260115120003',
    '2026/01/15 12:00:03',
  ])('may be given as %p', async (instant) => {
    await put(...upTo(5));

    expect(await valuesOf({ from: instant, to: at(4) })).toEqual([4, 3]);
  });

  test.each([-1, 0, '123456', 20_260_115, Date.UTC(2100, 0)])(
    'refuses %p, which is far from now in every unit',
    async (instant) => {
      const rule = /^to: must be a number of a time from 2000 to a year ahead \(it is .* in seconds, /;

      expect(await refusalOf({ to: instant })).toMatchObject({ field: 'to', message: expect.stringMatching(rule) });
    },
  );

  test('says how to write a plus that a query string made a space of', async () => {
    expect((await refusalOf({ from: '2026-01-15T13:00:03 01:00' })).message).toContain('%2B');
    expect((await refusalOf({ from: 'yesterday' })).message).not.toContain('%2B');
  });

  test('refuses one that ends before it begins', async () => {
    expect((await refusalOf({ from: at(3), to: at(2) })).message).toBe(
      'from: is 2026-01-15T12:00:03.000Z, which is after to (2026-01-15T12:00:02.000Z)',
    );
  });
});

describe('the cursor', () => {
  test.each([
    ['desc', [[7, 6, 5], [4, 3, 2], [1]]],
    ['asc', [[1, 2, 3], [4, 5, 6], [7]]],
  ])('leads page by page to the end, each reading once (%s)', async (order, expected) => {
    await put(...upTo(7));

    expect(await pagesOf({ order, limit: 3 })).toEqual(expected);
  });

  test('is absent on a last page that is full', async () => {
    await put(...upTo(6));

    expect(await pagesOf({ limit: 3 })).toHaveLength(2);
  });

  test('stays within the range', async () => {
    await put(...upTo(9));

    expect(await pagesOf({ from: at(3), to: at(7), limit: 2 })).toEqual([[7, 6], [5, 4], [3]]);
    expect(await pagesOf({ from: at(3), to: at(7), limit: 2, order: 'asc' })).toEqual([[3, 4], [5, 6], [7]]);
  });

  test('survives new data, newest first: what comes in front is not shown, and nothing is shown twice', async () => {
    await put(1, 2, 3, 4, 5);
    let newest = 5;

    const pages = await pagesOf({ order: 'desc', limit: 2 }, () => put((newest += 1)));

    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  test('survives new data, oldest first: what comes behind is shown, and nothing is shown twice', async () => {
    await put(1, 2, 3, 4);
    let newest = 4;

    const pages = await pagesOf({ order: 'asc', limit: 2 }, async () => {
      if (newest < 6) await put((newest += 1));
    });

    expect(pages).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  test('of another sensor or order is refused', async () => {
    await put(...upTo(5));
    const { nextCursor: cursor } = await history.read({ sensorId, limit: 2 });

    expect(cursor).toBeDefined();
    expect(await refusalOf({ sensorId: 'another', cursor })).toMatchObject({ field: 'cursor' });
    expect(await refusalOf({ order: 'asc', cursor })).toMatchObject({ field: 'cursor' });
  });

  test.each(['garbage', '////', 'bnVsbA', 'W10', 'e30', 17, {}, ['a']])(
    'that is garbage is refused: %p',
    async (cursor) => {
      expect((await refusalOf({ cursor })).message).toBe(
        'cursor: is not one that this service gave; leave it out to start at the first page',
      );
    },
  );
});

test('a table that does not answer is no fault of the request', async () => {
  const failure = new StoreUnavailable('table', 'ThrottlingException');
  const failing = new SensorHistory(
    { put: (readings) => table.put(readings), query: () => Promise.reject(failure) },
    clock,
  );

  await expect(failing.read({ sensorId })).rejects.toBe(failure);
});
