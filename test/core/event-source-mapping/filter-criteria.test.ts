import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../core/errors.ts';
import { compileFilterCriteria } from '../../../core/event-source-mapping/filter-criteria.ts';
import type { StreamRecord } from '../../../core/ports.ts';
import { bytesOf, streamRecord } from '../../support/record-factory.ts';

const filterOf = (...patterns: unknown[]) =>
  compileFilterCriteria({ filters: patterns.map((pattern) => ({ pattern: JSON.stringify(pattern) })) });

function record(data: unknown, changes: Partial<StreamRecord> = {}): StreamRecord {
  return { ...streamRecord(), data: data instanceof Uint8Array ? data : bytesOf(data), ...changes };
}

describe('a record goes to the function', () => {
  // LDG, "Using event filtering with a Kinesis event source": the order of the type buy.
  const order = { record: 12345, order: { type: 'buy', stock: 'ANYCO', quantity: 1000 } };

  test('where its payload matches', () => {
    const buys = filterOf({ data: { order: { type: ['buy'] } } });
    expect(buys(record(order))).toBe(true);
    expect(buys(record({ ...order, order: { ...order.order, type: 'sell' } }))).toBe(false);
  });

  test('where one of the filters lets it through', () => {
    const hotOrCold = filterOf(
      { data: { value: [{ numeric: ['>', 80] }] } },
      { data: { value: [{ numeric: ['<', 0] }] } },
    );
    expect([90, 20, -5].map((value) => hotOrCold(record({ sensorid: 'a', value })))).toEqual([true, false, true]);
  });

  // LDG of 2022, "Filtering examples": partitionKey and a field of the payload.
  test('where its own keys match', () => {
    const here = filterOf({ partitionKey: ['1'], data: { Location: ['Los Angeles'] } });
    expect(here(record({ Location: 'Los Angeles' }, { partitionKey: '1' }))).toBe(true);
    expect(here(record({ Location: 'Los Angeles' }, { partitionKey: '2' }))).toBe(false);
    const late = filterOf({ approximateArrivalTimestamp: [{ numeric: ['>=', 1_545_084_650.987] }] });
    expect([986, 987].map((millis) => late(record({}, { arrivedAt: 1_545_084_650_000 + millis })))).toEqual([
      false,
      true,
    ]);
  });

  // RFC 8259: JSON has no byte order mark; a parser may refuse it. Payloads as devices write them: spaces around, numbers with a sign.
  test('whatever the white space around its JSON is, and however a number is written', () => {
    const cold = filterOf({ data: { value: [{ numeric: ['<', -5e-1] }] } });
    for (const text of [' {"value":-1}\n', '{"value":-1.0}', '{"value":-10e-1}']) {
      expect(cold(record(Buffer.from(text)))).toBe(true);
    }
    expect(cold(record(Buffer.from('\ufeff{"value":-1}')))).toBe(false);
  });

  // What users wrote that matched nothing: terraform-aws-modules/terraform-aws-lambda#413, serverless/serverless#12131.
  test('where a number and the existence of another field are asked for, of the payload and not of the record', () => {
    const local = filterOf({ data: { typeId: [210], locally: [{ exists: true }] } });
    expect(local(record({ typeId: 210, locally: false }))).toBe(true);
    expect(local(record({ typeId: '210', locally: false }))).toBe(false);
    expect(local(record({ typeId: 210, locally: {} }))).toBe(false);
    expect(() => filterOf({ eventName: 'INSERT' })).toThrow('$.eventName: must be an object or an array');
  });

  // A payload that is JSON within JSON is text: a pattern does not look into it.
  test('not where its JSON is text in JSON, or base64 in base64', () => {
    const one = filterOf({ data: { value: [1] } });
    expect(one(record(JSON.stringify(JSON.stringify({ value: 1 }))))).toBe(false);
    expect(one(record(Buffer.from(Buffer.from('{"value":1}').toString('base64'))))).toBe(false);
  });

  test('where there are no filters', () => {
    expect(filterOf()(record({}))).toBe(true);
  });
});

// LDG, "Properly filtering Kinesis messages": the table of formats.
describe('data that is not JSON', () => {
  const notJson = ['plain text', '', '{"value":1}}'].map((text) => Buffer.from(text)).concat(Buffer.from([0xff, 0xfe]));

  test.each(notJson)('is dropped by a pattern on data, whatever the pattern: %#', (data) => {
    expect(filterOf({ data: { value: [{ exists: false }] } })(record(data))).toBe(false);
    expect(filterOf({ data: { value: [1] } })(record(data))).toBe(false);
    expect(filterOf({ $or: [{ partitionKey: [{ exists: true }] }, { data: { value: [1] } }] })(record(data))).toBe(
      false,
    );
  });

  test.each(notJson)('goes through by the other keys alone: %#', (data) => {
    expect(filterOf({ partitionKey: [{ exists: true }] })(record(data))).toBe(true);
    expect(filterOf({ data: { value: [1] } }, { partitionKey: [{ exists: true }] })(record(data))).toBe(true);
  });

  // LDG, "Filtering Kinesis aggregated records": with a standard iterator Lambda does not look into aggregates of the KPL.
  test('as an aggregate of the KPL is dropped too, also where readings in it would match', () => {
    const magic = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
    const aggregate = record(Buffer.concat([magic, Buffer.from('{"value":1}'), Buffer.alloc(16)]));
    expect(filterOf({ data: { value: [1] } })(aggregate)).toBe(false);
    expect(filterOf({ partitionKey: [{ exists: true }] })(aggregate)).toBe(true);
  });

  test('is not JSON of another kind, in which a pattern just finds nothing', () => {
    for (const json of ['12', '"text"', 'null', '[1,2]']) {
      expect(filterOf({ data: { value: [1] } })(record(Buffer.from(json)))).toBe(false);
    }
    expect(filterOf({ data: { value: [1] } })(record(Buffer.from('[{"value":1}]')))).toBe(true);
  });
});

test('data that is nested as deep as a record allows is dropped, and harms nothing', () => {
  const deep = Buffer.from('{"value":' + '['.repeat(500_000) + ']'.repeat(500_000) + '}');
  expect(filterOf({ data: { value: [1] } })(record(deep))).toBe(false);
});

describe('criteria are refused', () => {
  test.each([
    ['{"data":', 'filters[0].pattern: is not JSON'],
    ['', 'filters[0].pattern: is not JSON'],
    // Recorded on AWS for SQS as "Invalid filter pattern definition.": null, text, a value that is no list, an empty list.
    ['null', 'filters[0].pattern: $: must be an object'],
    ['"simple string"', 'filters[0].pattern: $: must be an object'],
    ['{"partitionKey":"1"}', '$.partitionKey: must be an object or an array'],
    ['{"partitionKey":[]}', '$.partitionKey: must not be an empty array'],
    ['{"data":["plain"]}', '$.data: must be an object with conditions'],
    ['{"temperature":[{"numeric":[">",80]}]}', 'What the payload says is under data: {"data": {"temperature": …}}'],
    ['{"$or":[{"partitionKey":["1"]},{"body":{"a":[1]}}]}', 'a Kinesis record has no body'],
    [JSON.stringify({ data: { a: ['x'.repeat(4_096)] } }), 'but at most 4096 are allowed'],
  ])('%s', (pattern, words) => {
    const compile = () => compileFilterCriteria({ filters: [{ pattern }] });
    expect(compile).toThrow(InvalidRequest);
    expect(compile).toThrow(words);
  });

  test('where there are more than ten filters', () => {
    const patterns = Array.from({ length: 11 }, (_, n) => ({ data: { value: [n] } }));
    expect(() => filterOf(...patterns)).toThrow('has 11, but at most 10');
    expect(filterOf(...patterns.slice(0, 10))(record({ value: 9 }))).toBe(true);
  });

  test('naming which of the filters it is', () => {
    expect(() => filterOf({ data: { a: [1] } }, { data: { a: 1 } })).toThrow('filters[1].pattern: $.data.a: ');
  });
});
