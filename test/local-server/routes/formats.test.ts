/** What senders put into the body of `POST /readings`, and what clients of InfluxDB write. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fourReadings } from '../../recorded/kpl/aggregates.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

interface Reply {
  readonly accepted?: number;
  readonly leftOut?: number;
  readonly rejected?: readonly { readonly index: number; readonly part?: number; readonly reason: string }[];
  readonly records?: readonly { readonly readings?: number }[];
  readonly detail?: string;
  readonly error?: string;
}

async function send(path: string, body: string | Uint8Array, type?: string, encoding?: string) {
  const headers = { ...(type && { 'content-type': type }), ...(encoding && { 'content-encoding': encoding }) };
  const response = await fetch(server.url + path, { method: 'POST', headers, body: Buffer.from(body) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Reply };
}

const post = (body: string | Uint8Array, type = 'application/json', encoding?: string) =>
  send('/readings', body, type, encoding);

async function historyOf(sensorId: string) {
  await server.caughtUp();
  const response = await fetch(`${server.url}/sensors/${encodeURIComponent(sensorId)}/readings?order=asc`);
  const { readings } = (await response.json()) as { readings: { timestamp: string; value: number; unit?: string }[] };
  return readings;
}

const valuesOf = async (sensorId: string) => (await historyOf(sensorId)).map(({ value }) => value);
const reading = (sensorid: string, value: number) =>
  JSON.stringify({ sensorid, value, timestamp: `2026-11-25T10:00:0${value}.000Z` });

describe('Content-Encoding', () => {
  test.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('A8: %s is unpacked, for JSON and for lines', async (encoding, pack) => {
    const id = `${encoding}-${pack.name}`;
    const json = await post(pack(`[${reading(id, 1)},${reading(id, 2)}]`), 'application/json', encoding);
    expect([json.status, json.body.accepted]).toEqual([202, 2]);
    const lines = await post(pack(`${reading(id, 3)}\n${reading(id, 4)}\n`), 'application/x-ndjson', encoding);
    expect([lines.status, lines.body.accepted]).toEqual([202, 2]);
    expect(await valuesOf(id)).toEqual([1, 2, 3, 4]);
  });

  test.each(['application/json', 'application/x-ndjson'])(
    'a body that is not packed as it says is refused: %s',
    async (type) => {
      for (const body of [reading('a', 1), gzipSync(reading('a', 1)).subarray(0, -6)]) {
        const { status, body: problem } = await post(body, type, 'gzip');
        expect(status).toBe(400);
        expect(problem.detail).toContain('content-encoding: is gzip, but the body is not');
      }
    },
  );

  test('an encoding that is not known is refused with those that are', async () => {
    const { status, body } = await post(reading('a', 1), 'application/json', 'lzma');
    expect(status).toBe(415);
    expect(body.detail).toMatch(
      /lzma is not supported here; send gzip, deflate, br.*, or the body without compression/,
    );
  });

  test('zstd is taken where Node has it', async () => {
    const zlib = (await import('node:zlib')) as { zstdCompressSync?: (body: string) => Uint8Array };
    const pack = zlib.zstdCompressSync;
    const { status } = await post(pack === undefined ? 'x' : pack(reading('zstd', 1)), 'application/json', 'zstd');
    expect(status).toBe(pack === undefined ? 415 : 202);
  });

  test.each([
    ['application/json', 9 * 1_048_576],
    ['application/x-ndjson', 65 * 1_048_576],
  ])('what expands to more than a body may have is refused: %s', async (type, bytes) => {
    const { status } = await post(gzipSync(Buffer.alloc(bytes, ' '.repeat(1_000) + '\n')), type, 'gzip');
    expect(status).toBe(413);
  });

  test('an empty body is no reading', async () => {
    expect((await post(gzipSync(''), 'application/x-ndjson', 'gzip')).status).toBe(422);
  });
});

describe('JSON', () => {
  test.each([
    'application/json',
    'application/x-ndjson',
    'application/ndjson',
    'application/jsonl',
    'application/x-jsonlines',
  ])('A8: a byte order mark is no part of it, and blank lines are skipped: %s', async (type) => {
    const { status, body } = await post(`\ufeff${reading('mark', 1)}\n   \n\r\n${reading('mark', 2)}\n`, type);
    expect([status, body.accepted, body.rejected]).toEqual([202, 2, []]);
  });

  test('A8: a byte order mark in front of an object and of an array', async () => {
    expect((await post(`\ufeff${reading('marked', 1)}`)).status).toBe(202);
    expect((await post(`\ufeff[${reading('marked', 2)}]`)).status).toBe(202);
    expect(await valuesOf('marked')).toEqual([1, 2]);
  });

  test('A8: lines under application/json, of which the bad one is named', async () => {
    const { status, body } = await post(`${reading('lines', 1)}\n{"sensorid":"lines"}\n${reading('lines', 3)}`);
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(body.rejected).toEqual([expect.objectContaining({ index: 1, reason: expect.stringContaining('value') })]);
  });

  test('A8: an element with NaN is named, and the rest is taken', async () => {
    const { status, body } = await post(`[${reading('nan', 1)},{"sensorid":"nan","value":NaN},${reading('nan', 3)}]`);
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(body.rejected).toEqual([
      expect.objectContaining({ index: 1, reason: expect.stringContaining('JSON with NaN') }),
    ]);
    expect(await valuesOf('nan')).toEqual([1, 3]);
  });

  test.each([
    ['[{"sensorid":"a","value":1},', /not JSON/],
    ['{"sensorid":"a"', /not JSON.*cut/],
    ['<html>', /web page/],
    ['sensorid=a', /not JSON/],
    ['', /no reading|not JSON|empty/i],
  ])('what is none is refused in words: %s', async (text, words) => {
    const { status, body } = await post(text);
    expect(status).toBe(400);
    expect(body.detail).toMatch(words);
  });
});

describe('records with several readings', () => {
  test('a SenML pack is one record; its units are kept and shown', async () => {
    const pack = [
      { bn: 'urn:dev:1:', bt: 1795600000, n: 'temp', u: 'Cel', v: 21.5 },
      { n: 'hum', u: '%RH', v: 40 },
      { n: 'label', vs: 'text' },
    ];
    const { status, body } = await post(JSON.stringify(pack), 'application/senml+json');
    expect([status, body.accepted, body.leftOut]).toEqual([202, 2, 1]);
    expect(body.records).toEqual([expect.objectContaining({ readings: 2 })]);
    expect(await historyOf('urn:dev:1:temp')).toEqual([
      expect.objectContaining({ timestamp: '2026-11-25T09:46:40.000Z', value: 21.5 }),
    ]);
    expect((await post(JSON.stringify(pack))).body.accepted).toBe(2);
  });

  test('a bad part is named; the record with the good ones is taken, and is in the quarantine as well', async () => {
    const { status, body } = await post(
      JSON.stringify({
        sensorid: 'parts',
        readings: [{ value: 1 }, { value: 'x' }, { value: 3, timestamp: 1795600000 }],
      }),
    );
    expect([status, body.accepted]).toEqual([202, 2]);
    expect(body.rejected).toEqual([expect.objectContaining({ index: 0, part: 1 })]);
    expect((await valuesOf('parts')).sort()).toEqual([1, 3]);
    const quarantine = (await (await fetch(`${server.url}/quarantine`)).json()) as { records: { reason: string }[] };
    expect(quarantine.records.map(({ reason }) => reason)).toContainEqual(expect.stringMatching(/^part 1: value/));
  });

  test('one of which no part is a reading is refused', async () => {
    const { status, body } = await post('{"sensorid":"none","readings":[{"value":"x"},{"value":"y"}]}');
    expect([status, body.rejected?.map(({ part }) => part)]).toEqual([422, [0, 1]]);
  });

  test('the message of a network server is taken as it is', async () => {
    const message = {
      end_device_ids: { device_id: 'ttn-1' },
      uplink_message: { decoded_payload: { temperature: 20.5 }, received_at: '2026-11-25T10:00:00Z' },
    };
    expect((await post(JSON.stringify(message))).body.accepted).toBe(1);
    expect(await valuesOf('ttn-1.temperature')).toEqual([20.5]);
  });

  test('an aggregate of the Kinesis Producer Library is taken too', async () => {
    expect((await post(fourReadings)).body.accepted).toBe(4);
  });
});

describe.each(['/write', '/api/v2/write'])('POST %s', (path) => {
  const measurement = path.replaceAll('/', '_');

  test('takes lines of line protocol', async () => {
    const lines = `# comment\n${measurement},room=a temp=1,ok=true 1795600000000000000\n\n${measurement},room=a temp=2 1795600001000000000\n`;
    const { status, headers } = await send(`${path}?db=telegraf&bucket=b&org=o`, lines, 'text/plain; charset=utf-8');
    expect([status, headers.get('x-left-out-fields')]).toEqual([204, '1']);
    expect(await historyOf(`${measurement},room=a.temp`)).toEqual([
      expect.objectContaining({ timestamp: '2026-11-25T09:46:40.000Z', value: 1 }),
      expect.objectContaining({ timestamp: '2026-11-25T09:46:41.000Z', value: 2 }),
    ]);
  });

  test('takes what curl sends, packed bodies, and any unit', async () => {
    expect((await send(path, `${measurement} f=1`, 'application/x-www-form-urlencoded')).status).toBe(204);
    expect((await send(path, gzipSync(`${measurement} f=1`), undefined, 'gzip')).status).toBe(204);
    for (const [precision, time] of [
      ['s', '946684860'],
      ['ms', '1795600002000'],
      ['us', '1795600003000000'],
      ['m', '29926666'],
    ] as const) {
      expect((await send(`${path}?precision=${precision}`, `${measurement} unit=1 ${time}`)).status).toBe(204);
    }
    expect((await historyOf(`${measurement}.unit`)).map(({ timestamp }) => timestamp)).toEqual([
      '2000-01-01T00:01:00.000Z',
      '2026-11-25T09:46:00.000Z',
      '2026-11-25T09:46:42.000Z',
      '2026-11-25T09:46:43.000Z',
    ]);
  });

  test('says which lines are wrong, and takes the others', async () => {
    const { status, body } = await send(
      path,
      `${measurement} good=1\n\nwrong\n${measurement} bad=abc\n${measurement} good=2 x`,
    );
    expect(status).toBe(400);
    expect(body.error).toMatch(
      /^partial write: unable to parse 3 .*line 3: .*line 4: .*line 5: .*1 readings were written/,
    );
    expect(await valuesOf(`${measurement}.good`)).toEqual([1]);
  });

  test('takes nothing at all, and lines without a number', async () => {
    expect((await send(path, '')).status).toBe(204);
    const { status, headers } = await send(path, 'state,entity=door text="open",on=true');
    expect([status, headers.get('x-left-out-fields')]).toEqual([204, '2']);
  });

  test('refuses a unit that is none, and bytes that are no text', async () => {
    expect((await send(`${path}?precision=days`, 'm f=1')).body.error).toContain('precision must be one of');
    expect((await send(path, Buffer.of(0xff, 0xfe, 0x00))).body.error).toContain('not UTF-8');
  });
});

test('GET /ping answers 204', async () => {
  expect((await fetch(`${server.url}/ping`)).status).toBe(204);
});
