import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningServer, startServer } from '../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Reply {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
  readonly records: readonly {
    readonly sequenceNumber: string;
    readonly shardId: string;
    readonly flags?: readonly string[];
  }[];
  readonly status?: number;
  readonly detail?: string;
}

async function post(body: string, type = 'application/json') {
  const response = await fetch(`${server.url}/readings`, { method: 'POST', headers: { 'content-type': type }, body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply };
}

async function history(sensorId: string, query = '') {
  await server.caughtUp();
  const response = await fetch(`${server.url}/sensors/${encodeURIComponent(sensorId)}/readings${query}`);
  return {
    status: response.status,
    body: (await response.json()) as {
      readings: { timestamp: string; value: number }[];
      nextCursor?: string;
      detail?: string;
      field?: string;
    },
  };
}

describe('POST /readings', () => {
  test('takes one reading and tells where it went', async () => {
    const { status, body } = await post('{"sensorid":"one","value":"22.0","timestamp":"2026-01-01T00:00:00+01:00"}');
    expect(status).toBe(202);
    expect(body).toMatchObject({
      accepted: 1,
      rejected: [],
      records: [{ shardId: expect.stringMatching(/^shardId-\d{12}$/) }],
    });
    expect(body.records[0]?.sequenceNumber).toMatch(/^\d{56}$/);
    expect((await history('one')).body.readings).toEqual([
      { timestamp: '2025-12-31T23:00:00.000Z', value: 22, flags: ['far-past'] },
    ]);
  });

  test('takes an array, and refuses what is no reading with its place and reason', async () => {
    const readings = [
      { sensorId: 'array', value: 1 },
      { sensorid: 'array', value: 'abc' },
      null,
      { sensorid: 'array', value: 2 },
    ];
    const { status, body } = await post(JSON.stringify(readings));
    expect(status).toBe(202);
    expect(body.accepted).toBe(2);
    expect(body.records).toHaveLength(2);
    expect(body.rejected).toMatchObject([
      { index: 1, reason: 'value must be a finite number or a numeric string, but is "abc"' },
      { index: 2, reason: 'body must be a JSON object, but is null' },
    ]);
  });

  test('takes NDJSON, with a last line that has no line feed, and with empty lines', async () => {
    const { status, body } = await post(
      '{"sensorid":"lines","value":1}\r\n\n{"sensorid":"lines"}\n{"sensorid":"lines","value":3}',
      'application/x-ndjson',
    );
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 1, reason: expect.stringContaining('value') }] });
  });

  test('takes 10,000 readings at once, in order', async () => {
    const start = Date.UTC(2026, 0, 1);
    const readings = Array.from({ length: 10_000 }, (_, n) => ({ sensorid: 'many', value: n, timestamp: start + n }));
    const { status, body } = await post(JSON.stringify(readings));
    expect(status).toBe(202);
    expect(body.accepted).toBe(10_000);
    const { body: page } = await history('many', '?limit=1000');
    expect(page.readings.map(({ value }) => value)).toEqual(Array.from({ length: 1_000 }, (_, n) => 9_999 - n));
  });

  test('keeps and flags a reading whose time is far from now', async () => {
    const { body } = await post(
      '[{"sensorid":"flag","value":1,"timestamp":"2001-01-01"},{"sensorid":"flag","value":1,"timestamp":"2999-01-01"}]',
    );
    expect(body.records.map(({ flags }) => flags)).toEqual([['far-past'], ['far-future']]);
  });

  test('answers 422 with the reasons where none is valid', async () => {
    const { status, headers, body } = await post('{"sensorid":"none","value":null}');
    expect(status).toBe(422);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(body).toMatchObject({ status: 422, rejected: [{ index: 0, reason: expect.stringContaining('value') }] });
  });

  test.each([
    ['nothing in an array', '[]', 'application/json', 422, /no reading/],
    ['nothing in NDJSON', '\n', 'application/x-ndjson', 422, /no reading/],
    ['what is no JSON', '{"sensorid":', 'application/json', 400, /not JSON/],
    ['another content type', 'a=1', 'application/x-www-form-urlencoded', 415, /application\/json/],
    ['JSON over 8 MiB', ' '.repeat(8 * 1_048_576 + 1), 'application/json', 413, /too large/],
    ['NDJSON over 64 MiB', `${'x'.repeat(1_000_000)}\n`.repeat(68), 'application/x-ndjson', 413, /larger than 64 MiB/],
  ])('refuses %s in words', async (_name, body, type, expected, words) => {
    const { status, body: problem } = await post(body, type);
    expect(status).toBe(expected);
    expect(problem.detail).toMatch(words);
  });
});

describe('NDJSON that cannot be taken whole', () => {
  test('has a line that no record could hold refused, and the lines around it taken', async () => {
    const reading = '{"sensorid":"around","value":1}';
    const { status, body } = await post(`${reading}\n${'x'.repeat(1_048_576)}\n${reading}`, 'application/x-ndjson');
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: 2, rejected: [{ index: 1, reason: expect.stringContaining('bytes') }] });
  });

  test('tells how much of a body over the limit was taken', async () => {
    const reading = '{"sensorid":"before","value":1}\n';
    const { status, body } = await post(`${reading.repeat(501)}${'x'.repeat(68_000_000)}`, 'application/x-ndjson');
    expect(status).toBe(413);
    expect(body).toMatchObject({ accepted: 501, detail: expect.stringContaining('first 501 readings') });
  });
});

test.each([
  ['/readings', 'application/json', 'compress'],
  ['/readings', 'application/x-ndjson', 'gzip, br'],
  ['/', 'application/x-amz-json-1.1', 'gzip'],
  ['/2015-03-31/functions/iot-IoTAPI/invocations', 'application/json', 'deflate'],
])('POST %s of %s refuses the encoding %s in words', async (path, type, encoding) => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': type, 'content-encoding': encoding, 'x-amz-target': 'Kinesis_20131202.ListStreams' },
    body: '{"sensorid":"encoded","value":1}',
  });
  expect(response.status).toBe(415);
  expect(await response.text()).toContain(`Content-Encoding ${encoding} is not supported`);
});

describe('readings that are refused in bulk', () => {
  test.each([
    ['NDJSON', 'application/x-ndjson', `${'1\n'.repeat(30_000)}{"sensorid":"unread","value":1}`],
    ['a JSON array', 'application/json', `[${'1,'.repeat(30_000)}{"sensorid":"unread","value":1}]`],
  ])('end the reading of %s, with a bounded answer that says where', async (_name, type, body) => {
    const first = '{"sensorid":"in front","value":1}';
    const { status, body: problem } = await post(
      type === 'application/json' ? body.replace('[', `[${first},`) : `${first}\n${body}`,
      type,
    );
    expect(status).toBe(422);
    expect(problem).toMatchObject({ accepted: 1, detail: expect.stringContaining('10000 readings in a row') });
    const { stoppedAt, rejectedCount } = problem as unknown as Record<string, number>;
    expect(stoppedAt).toBeGreaterThan(10_000);
    expect(stoppedAt).toBeLessThan(11_000);
    expect(rejectedCount).toBe(stoppedAt! - 1);
    expect(problem.rejected).toHaveLength(100);
  });

  test('are counted where they do not come in a row', async () => {
    const { status, body } = await post(`[${'{"sensorid":"between","value":1},1,2,'.repeat(9_000)}3]`);
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: 9_000, rejectedCount: 18_001 });
    expect(body.rejected).toHaveLength(100);
  });

  test('a reading that no record can hold is answered 422, not 429', async () => {
    const { status, headers, body } = await post(
      JSON.stringify({ sensorid: 'big', value: 1, pad: 'x'.repeat(1_200_000) }),
    );
    expect(status).toBe(422);
    expect(headers.get('retry-after')).toBeNull();
    expect(body.rejected).toMatchObject([
      { index: 0, reason: expect.stringContaining('never'), reasons: [{ field: 'body' }] },
    ]);
  });

  test.each(['application/json', 'application/x-ndjson'])(
    'a byte order mark in front of %s is no fault',
    async (type) => {
      expect((await post('\ufeff{"sensorid":"bom","value":1}', type)).status).toBe(202);
    },
  );
});

describe('GET /sensors/{sensorId}/readings', () => {
  test('pages through a history with a cursor that survives new readings', async () => {
    const put = (value: number) =>
      post(JSON.stringify({ sensorid: 'pages', value, timestamp: Date.UTC(2026, 0, 1) + value }));
    for (const value of [1, 2, 3, 4, 5]) await put(value);
    const first = (await history('pages', '?limit=2')).body;
    await put(6);
    const second = (await history('pages', `?limit=2&cursor=${first.nextCursor}`)).body;
    const third = (await history('pages', `?limit=2&cursor=${second.nextCursor}`)).body;
    expect([first, second, third].map(({ readings }) => readings.map(({ value }) => value))).toEqual([
      [5, 4],
      [3, 2],
      [1],
    ]);
    expect(third.nextCursor).toBeUndefined();
  });

  test('reads a range, oldest first where asked', async () => {
    await post(
      JSON.stringify([1, 2, 3, 4].map((value) => ({ sensorid: 'range', value, timestamp: `2026-01-0${value}` }))),
    );
    const { body } = await history('range', '?from=2026-01-02&to=2026-01-03T00:00:00Z&order=asc');
    expect(body.readings.map(({ value }) => value)).toEqual([2, 3]);
  });

  test.each(['°C', 'Küche', 'a/b', 'a b?c=d#e', '%', '😀'.repeat(256)])(
    'finds the sensor %s by its encoded id',
    async (sensorid) => {
      await post(JSON.stringify({ sensorid, value: 1 }));
      expect((await history(sensorid)).body.readings).toHaveLength(1);
    },
  );

  test('answers an empty history for a sensor that nobody knows', async () => {
    expect((await history('nobody')).body.readings).toEqual([]);
  });

  test.each([
    ['limit', '?limit=0'],
    ['limit', '?limit=1001'],
    ['limit', '?limit=ten'],
    ['order', '?order=newest'],
    ['from', '?from=yesterday'],
    ['from', '?from=2026-01-02&to=2026-01-01'],
    ['cursor', '?cursor=abc'],
  ])('names %s where it is wrong (%s)', async (field, query) => {
    const { status, body } = await history('wrong', query);
    expect(status).toBe(400);
    expect(body).toMatchObject({ field, detail: expect.stringContaining(field) });
  });

  test('refuses the cursor of another sensor', async () => {
    await post(
      JSON.stringify([1, 2].map((value) => ({ sensorid: 'mine', value, timestamp: `2026-01-15T12:00:0${value}Z` }))),
    );
    const { nextCursor } = (await history('mine', '?limit=1')).body;
    expect((await history('yours', `?cursor=${nextCursor}`)).body.detail).toContain('another sensor');
  });
});
