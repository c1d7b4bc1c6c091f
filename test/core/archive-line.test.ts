import { isUtf8 } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatArchiveLines, parseArchiveLine } from '../../core/archive-line.ts';
import { anyCharacter } from '../support/any-character.ts';
import { archiveLineText } from '../support/archive-line-text.ts';
import type { StreamRecord } from '../../core/ports.ts';

function record(data: Uint8Array, fields: Partial<StreamRecord> = {}): StreamRecord {
  return {
    sequenceNumber: '49545115243490985018280067714973144582180062593244200961',
    shardId: 'shardId-000000000000',
    partitionKey: 'probe',
    arrivedAt: Date.UTC(2015, 10, 2, 10),
    data,
    ...fields,
  };
}

const lineOf = (text: string) => archiveLineText(record(Buffer.from(text)));

describe('a line of the archive', () => {
  test('holds the record and the JSON that was sent', () => {
    expect(lineOf('{"sensorid":"Küche","value":"22.0","unit":"°C"}')).toBe(
      '{"sequenceNumber":"49545115243490985018280067714973144582180062593244200961","shardId":"shardId-000000000000",' +
        '"partitionKey":"probe","arrivedAt":"2015-11-02T10:00:00.000Z",' +
        '"data":{"sensorid":"Küche","value":"22.0","unit":"°C"}}',
    );
  });

  test.each([
    ['a number beyond every number', '{"value":1e400}'],
    ['an integer beyond 2^53', '{"value":9007199254740993}'],
    ['the digits of a number', '{"value":22.00}'],
    ['a field that is there twice', '{"value":1,"value":2}'],
    ['a key named like the prototype', '{"__proto__":{"value":1}}'],
    ['half a character with its other half', String.raw`{"sensorid":"\ud83c\udf31"}`],
    ['what only looks like half a character', String.raw`{"sensorid":"\\ud800"}`],
    ['blanks between the tokens', '{ "value" :\t1 }'],
    ['100,000 nested arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('keeps the text of JSON as it was sent: %s', (_, text) => {
    expect(lineOf(text)).toContain(`"data":${text}}`);
  });

  test('turns line breaks between tokens into blanks, and leaves escaped ones alone', () => {
    const line = lineOf('{\r\n  "note": "two\\nlines"\n}\n');

    expect(line).toContain('"data":{    "note": "two\\nlines" } }');
    expect(parseArchiveLine(line).data).toEqual({ note: 'two\nlines' });
  });

  test.each(['null', 'false', '0', '""', '[]', '22.5'])('holds %s as data: it is JSON too', (text) => {
    expect(parseArchiveLine(lineOf(text))).toMatchObject({ data: JSON.parse(text) as unknown });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('22.0 °C')],
    ['JSON and more behind it', Buffer.from('{"value":1} tail')],
    ['two lines of JSON', Buffer.from('{"value":1}\n{"value":2}\n')],
    ['an unescaped line break in a string', Buffer.from('"a\nb"')],
    ['half a character, which strict parsers refuse', Buffer.from(String.raw`{"sensorid":"a\ud800"}`)],
    ['the other half', Buffer.from(String.raw`{"a":"\\\udc00\ud83c"}`)],
    ['JSON in Latin-1', Buffer.from('{"sensorid":"Küche"}', 'latin1')],
    ['any bytes', Buffer.from([0, 255, 254, 13, 10])],
  ])('holds bytes whole that are not JSON: %s', (_, bytes) => {
    const line = parseArchiveLine(archiveLineText(record(bytes)));

    expect(line).not.toHaveProperty('data');
    expect(Buffer.from(line.raw!, 'base64')).toEqual(bytes);
  });

  test.each([
    ['JSON behind a byte order mark', '\ufeff{"value":1}', '{"value":1}'],
    ['a line separator', '{"sensorid":"a\u2028b"}', String.raw`{"sensorid":"a\u2028b"}`],
    ['the others that end a line elsewhere', '{"sensorid":"\u2029\u0085"}', String.raw`{"sensorid":"\u2029\u0085"}`],
  ])('changes what means nothing, so that every reader has one line of JSON: %s', (_, sent, kept) => {
    const line = archiveLineText(record(Buffer.from(sent)));

    expect(line).toContain(`"data":${kept}}`);
    expect(line.split(/[\r\n\u2028\u2029\u0085]/)).toHaveLength(1);
  });

  test('has room for escapes, however many there are', () => {
    const text = JSON.stringify({ sensorid: '\u0085\u2028'.repeat(10_000) });

    const lines = Buffer.from(formatArchiveLines([record(Buffer.from(text)), record(Buffer.from('1'))])).toString();

    expect(
      lines
        .trimEnd()
        .split('\n')
        .map(parseArchiveLine)
        .map(({ data }) => data),
    ).toEqual([JSON.parse(text), 1]);
  });

  test('holds bytes that are a part of a larger buffer, and nothing around them', () => {
    const whole = Uint8Array.from([1, 2, 3, 4, 5]);

    expect(parseArchiveLine(archiveLineText(record(whole.subarray(1, 3)))).raw).toBe('AgM=');
  });

  test('round-trips any record and never contains a line break', () => {
    const json = fc
      .tuple(fc.jsonValue(), fc.constantFrom('', '\n', '\r\n', '\t'))
      .map(([value, indent]) => Buffer.from(JSON.stringify(value, null, indent)));
    const bytes = fc.oneof(json, fc.uint8Array({ maxLength: 64 }));
    const records = fc.record({
      sequenceNumber: fc.bigInt({ min: 0n, max: 10n ** 56n }).map(String),
      shardId: fc.string({ unit: anyCharacter }),
      // Any UTF-16 units: lone surrogates too.
      partitionKey: fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
      arrivedAt: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      data: bytes,
    });

    fc.assert(
      fc.property(records, ({ data, arrivedAt, ...fields }) => {
        const line = archiveLineText({ data, arrivedAt, ...fields });
        const parsed = parseArchiveLine(line);

        expect(line).not.toMatch(/[\r\n\u2028\u2029\u0085]/);
        const partitionKey = Buffer.from(fields.partitionKey).toString();
        expect(parsed).toMatchObject({ ...fields, partitionKey, arrivedAt: new Date(arrivedAt).toISOString() });
        const sent = jsonOf(data);
        if (sent.isJson) expect(parsed.data).toEqual(sent.value);
        else expect(Buffer.from(parsed.raw!, 'base64')).toEqual(Buffer.from(data));
      }),
      { numRuns: 500 },
    );
  });
});

/** What bytes are, said without the decoder of the code under test. */
function jsonOf(bytes: Uint8Array): { isJson: true; value: unknown } | { isJson: false } {
  try {
    if (isUtf8(bytes)) return { isJson: true, value: JSON.parse(Buffer.from(bytes).toString()) };
  } catch {
    // Not JSON.
  }
  return { isJson: false };
}

describe('parseArchiveLine refuses', () => {
  const good = { sequenceNumber: '1', shardId: 's', partitionKey: 'p', arrivedAt: '2015-11-02T10:00:00.000Z', data: 1 };

  test('nothing of a good line', () => {
    expect(parseArchiveLine(JSON.stringify(good))).toEqual(good);
  });

  test.each([
    ['nothing', ''],
    ['half a line', JSON.stringify(good).slice(0, -1)],
    ['two lines', `${JSON.stringify(good)}\n${JSON.stringify(good)}`],
    ['null', 'null'],
    ['a number', '7'],
    ['a string', '"line"'],
    ['an array', '[]'],
    ['no sequence number', JSON.stringify({ ...good, sequenceNumber: undefined })],
    ['a sequence number that is a number', JSON.stringify({ ...good, sequenceNumber: 1 })],
    ['a sequence number that is none', JSON.stringify({ ...good, sequenceNumber: '01' })],
    ['no shard', JSON.stringify({ ...good, shardId: undefined })],
    ['no partition key', JSON.stringify({ ...good, partitionKey: null })],
    ['no time of arrival', JSON.stringify({ ...good, arrivedAt: undefined })],
    ['a time of arrival that is none', JSON.stringify({ ...good, arrivedAt: 'today' })],
    ['a time of arrival in another form', JSON.stringify({ ...good, arrivedAt: '2015-11-02T10:00:00Z' })],
    ['neither data nor raw', JSON.stringify({ ...good, data: undefined })],
    ['both data and raw', JSON.stringify({ ...good, raw: 'AAAA' })],
    ['raw that is no string', JSON.stringify({ ...good, data: undefined, raw: 7 })],
  ])('%s', (_, line) => {
    expect(() => parseArchiveLine(line)).toThrow(/^not a line of the archive: /);
  });

  test('a long line with a short message', () => {
    const refuse = () => parseArchiveLine('x'.repeat(100_000));

    expect(refuse).toThrow(`not a line of the archive: ${'x'.repeat(120)}`);
    expect(refuse).not.toThrow('x'.repeat(121));
  });
});
