/** The shapes that devices and gateways send. The numbers are those of the cases in the public reports that they come from. */
import { createHash } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { encode as encodeCbor } from 'cborg';
import fc from 'fast-check';
import { reasonsOf } from '../../../core/decoding/decode.ts';
import { md5 } from '../../../core/decoding/md5.ts';
import { fourReadings, thousandReadings } from '../../recorded/kpl/aggregates.ts';
import { arrival, brief, decoded, decodedJson, readingsOf, refusalOf } from './support.ts';

const reading = (value: number) => ({ sensorid: 'a', value, timestamp: '2026-11-25T10:00:00.000Z' });
const lines = (...items: unknown[]) => items.map((item) => JSON.stringify(item)).join('\n');

describe('lists of JSON', () => {
  test('an array is several readings', () => {
    const result = decodedJson([reading(1), reading(2)]);
    expect([result.format, brief(result)]).toEqual(['json-array', ['a=1', 'a=2']]);
  });

  test('A8: an element with NaN is named, and the others are read', () => {
    const result = decoded('[{"sensorid":"n1","value":1},{"sensorid":"n2","value":NaN},{"sensorid":"n3","value":3}]');
    expect(result.parts.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(reasonsOf(result)).toEqual([expect.objectContaining({ part: 1, field: 'body', rule: 'must be JSON' })]);
    expect(refusalOf(result)).toContain('NaN');
  });

  test.each(['[{"sensorid":"a","value":1},{"sensorid":"a"', '[{"sensorid":"a","value":1}] x', '[{"a":"]'])(
    'an array that is not closed is refused as a whole: %s',
    (text) => expect(refusalOf(decoded(text))).toMatch(/^body must be a JSON array that is closed/),
  );

  test('an empty array is no reading', () => expect(refusalOf(decoded(' [ ] '))).toContain('must hold a reading'));

  test.each(['\n', '\r\n', '\n\n  \n'])('lines of JSON are several readings: separated by %j', (separator) => {
    const result = decoded([reading(1), reading(2)].map((each) => JSON.stringify(each)).join(separator) + separator);
    expect([result.format, brief(result)]).toEqual(['ndjson', ['a=1', 'a=2']]);
  });

  test('a line that is none is named, and the others are read', () => {
    const result = decoded(`${lines(reading(1))}\n{"sensorid":"a","value":NaN}\n${lines(reading(3))}`);
    expect(reasonsOf(result)).toEqual([expect.objectContaining({ part: 1 })]);
    expect(result.parts.filter(({ ok }) => ok)).toHaveLength(2);
  });

  test('an object over several lines is one reading, and one that was cut is none', () => {
    const text = JSON.stringify(reading(1), null, 2);
    expect(brief(decoded(text))).toEqual(['a=1']);
    expect(refusalOf(decoded(text.slice(0, -3)))).toContain('JSON that was cut');
  });

  test.each(['', '\ufeff', '\ufeff\n '])('a byte order mark is no part of it: %j', (mark) => {
    for (const text of [lines(reading(1)), lines(reading(1), reading(1)), `[${lines(reading(1))}]`]) {
      expect(new Set(brief(decoded(mark + text)))).toEqual(new Set(['a=1']));
    }
  });

  test('what stands beside a list holds for its elements, unless they say otherwise', () => {
    const result = decodedJson({
      sensorid: 'a',
      unit: 'V',
      readings: [
        { value: 1, timestamp: '2026-11-25T10:00:00Z' },
        { value: 2, timestamp: 1795600060 },
        { value: 3, sensorid: 'b', unit: 'A' },
      ],
    });
    expect(result.format).toBe('batch');
    expect(brief(result)).toEqual(['a=1 V', 'a=2 V', 'b=3 A']);
    expect(readingsOf(result)[1]?.timestamp).toBe('2026-11-25T09:47:40.000Z');
  });

  test('an element of a batch that is none is named', () => {
    const result = decodedJson({
      timestamp: 1795600000,
      readings: [{ sensorid: 'a', value: 1 }, 5, { sensorid: 'a' }],
    });
    expect(reasonsOf(result).map(({ part, field }) => [part, field])).toEqual([
      [1, 'body'],
      [2, 'value'],
    ]);
  });
});

describe('digits that a double does not hold', () => {
  const flagsOf = (text: string, topic?: string) =>
    readingsOf(decoded(text, topic)).map(({ value, flags = [] }) => [value, flags.includes('inexact')]);

  test.each([
    ['a batch', '{"sensorid":"a","readings":[{"value":9007199254740993},{"value":2.5}]}'],
    ['numbers in an object', '{"sensorid":"a","energy":{"total":9007199254740993,"now":2.5}}'],
    ['SenML', '[{"bn":"a","n":"x","v":9007199254740993},{"n":"y","v":2.5}]'],
    ['an array', '[{"sensorid":"a","value":9007199254740993},{"sensorid":"a","value":2.5}]'],
  ])('are told in %s, for that reading only', (_, text) => {
    expect(flagsOf(text)).toEqual([
      [9007199254740992, true],
      [2.5, false],
    ]);
  });

  test('are told in a number under a topic, and in an object that a topic names', () => {
    expect(flagsOf('9007199254740993', 'plant/a')).toEqual([[9007199254740992, true]]);
    expect(flagsOf('{"value":9007199254740993}', 'plant/a')).toEqual([[9007199254740992, true]]);
  });

  test('what only a double takes for 0 is rejected, in a batch too', () => {
    const text = '{"sensorid":"a","readings":[{"value":1e-400},{"value":2}]}';
    expect(refusalOf(decoded(text))).toMatch(/^part 0: value must be 0 or from 1e-130 .*, but is 1e-400$/);
  });

  test('beside a 0 nobody can tell which is which: both are kept, and flagged', () => {
    expect(flagsOf('{"sensorid":"a","readings":[{"value":1e-400},{"value":0},{"value":1e-5}]}')).toEqual([
      [0, true],
      [0, true],
      [0.00001, false],
    ]);
  });

  test('are looked for once, however many there are', () => {
    const many = Array.from({ length: 40_000 }, (_, index) => `{"value":0.12345678901234567${index}}`);
    const text = `{"sensorid":"a","readings":[${many.join(',')}]}`;
    expect(flagsOf(text).every(([, inexact]) => inexact)).toBe(true);
  });
});

describe('packed', () => {
  test.each([
    ['one reading', lines(reading(1)), ['a=1']],
    ['lines', lines(reading(1), reading(2)), ['a=1', 'a=2']],
    ['an array', JSON.stringify([reading(1)]), ['a=1']],
    ['gzip again', gzipSync(lines(reading(7))), ['a=7']],
  ])('A8: gzip is unpacked: %s', (_name, content, expected) => {
    const result = decoded(gzipSync(content));
    expect(result.format).toMatch(/^gzip, /);
    expect(brief(result)).toEqual(expected);
  });

  test('gzip that is cut, or that holds too much, is refused', () => {
    expect(refusalOf(decoded(gzipSync(lines(reading(1))).subarray(0, -5)))).toContain('must be whole gzip');
    expect(refusalOf(decoded(gzipSync(Buffer.alloc(17 * 1_048_576, 0x20))))).toContain('at most 16 MiB');
  });

  test('gzip in gzip in gzip … ends', () => {
    let packed: Uint8Array = Buffer.from(lines(reading(1)));
    for (let times = 0; times < 20; times += 1) packed = gzipSync(packed);
    expect(refusalOf(decoded(packed))).toContain('must not be packed so often');
  });

  test('more readings than a record can have are refused as a whole', () => {
    const text = '{"sensorid":"a","value":1}\n'.repeat(100_001);
    const result = decoded(gzipSync(text));
    expect(refusalOf(result)).toBe('body must hold at most 100000 readings, but is more');
    expect(result.parts).toHaveLength(1);
  });

  test('A8: an aggregate of the Kinesis Producer Library is taken apart', () => {
    expect(brief(decoded(fourReadings))).toEqual(['device-0=0', 'device-1=1', 'device-2=2', 'device-3=3']);
    const thousand = readingsOf(decoded(thousandReadings));
    expect(thousand).toHaveLength(1_000);
    expect(thousand.at(-1)).toEqual({ sensorId: 'device-4', value: 999, timestamp: '2026-11-25T10:16:39.000Z' });
  });

  test('an aggregate that was cut or changed is refused as a whole', () => {
    const changed = Uint8Array.from(fourReadings);
    changed[40] = (changed[40] ?? 0) ^ 1;
    for (const bytes of [changed, fourReadings.subarray(0, -1), fourReadings.subarray(0, 6)]) {
      expect(refusalOf(decoded(bytes))).toContain('whose last 16 bytes are the MD5 of the rest');
    }
  });

  test('bytes that have the digest of an aggregate and are none are refused', () => {
    for (const message of [Buffer.of(0x1a, 0x7f), Buffer.of(0x0b), Buffer.alloc(11, 0xff), Buffer.alloc(0)]) {
      const digest = createHash('md5').update(message).digest();
      const result = decoded(Buffer.concat([Buffer.of(0xf3, 0x89, 0x9a, 0xc2), message, digest]));
      expect(refusalOf(result)).toMatch(/Protocol Buffers|must hold a record/);
    }
  });

  test('the digest is that of everybody else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Buffer.from(md5(bytes)).toString('hex')).toBe(createHash('md5').update(bytes).digest('hex'));
      }),
    );
  });
});

describe('an envelope of AWS IoT Core', () => {
  const envelope = (data: string | Uint8Array, topic: string, more: object = {}) =>
    decodedJson({
      topic,
      clientId: 'client',
      receivedAt: 1795628700000,
      data: Buffer.from(data).toString('base64'),
      ...more,
    });

  test('what it holds is decoded as if it came by itself', () => {
    const result = envelope(lines(reading(1)), 'any/topic');
    expect([result.format, brief(result), result.source]).toEqual(['iot-core, json', ['a=1'], 'client']);
    expect(brief(envelope(gzipSync(JSON.stringify([reading(4)])), 'any/topic'))).toEqual(['a=4']);
  });

  test.each([
    ['sensors/kitchen', '21.5', ['kitchen=21.5']],
    ['$aws/rules/readings/sensors/kitchen', '21.5', ['kitchen=21.5']],
    ['sensors/kitchen', '{"value":"21.5"}', ['kitchen=21.5']],
    ['house/kitchen', '{"temperature":21,"door":"open"}', ['house/kitchen.temperature=21']],
    [
      'tele/plug/SENSOR',
      '{"Time":"2026-11-25T10:00:00","DS18B20":{"Id":"01","Temperature":20.6},"TempUnit":"C"}',
      ['plug.DS18B20.Temperature=20.6'],
    ],
    [
      'zigbee2mqtt/living room/window',
      '{"temperature":27.34,"linkquality":91,"contact":true}',
      ['living room/window.temperature=27.34', 'living room/window.linkquality=91'],
    ],
    ['shellies/shellyht-1/sensor/temperature', '22.4', ['shellyht-1.temperature=22.4']],
    [
      'shellyplus1pm-1/status/switch:0',
      '{"id":0,"output":true,"apower":8.9,"aenergy":{"total":11.7,"by_minute":[1,2,3],"minute_ts":1795628700}}',
      ['shellyplus1pm-1.switch:0.apower=8.9', 'shellyplus1pm-1.switch:0.aenergy.total=11.7'],
    ],
  ])('the topic names the sensor: %s', (topic, data, expected) => {
    expect(brief(envelope(data, topic))).toEqual(expected);
  });

  test('it arrived when IoT Core received it', () => {
    expect(readingsOf(envelope('1', 'sensors/a'))[0]?.timestamp).toBe('2026-11-25T17:45:00.000Z');
    expect(readingsOf(envelope('1', 'sensors/a', { receivedAt: 'soon' }))[0]?.timestamp).toBe(arrival);
  });

  test('what it holds is refused for what it is', () => {
    expect(refusalOf(envelope('<html>', 'sensors/a'))).toContain('a web page');
    expect(refusalOf(decodedJson({ topic: 'a', data: 'no base64!' }))).toContain('must have its data in base64');
  });
});

describe('numbers that are spread over an object', () => {
  test('each is a reading, whose path is the suffix of the id; texts and booleans are counted', () => {
    const result = decodedJson({
      sensorid: 'plug',
      ts: 1795628730,
      unit: 'W',
      relay: true,
      name: 'Büro',
      power: { phases: [1, 2.5], total: 3.5, note: null },
    });
    expect(brief(result)).toEqual(['plug.power.phases.0=1 W', 'plug.power.phases.1=2.5 W', 'plug.power.total=3.5 W']);
    expect([result.format, result.leftOut, result.source]).toEqual(['numeric-leaves', 3, 'plug']);
    expect(new Set(readingsOf(result).map(({ timestamp }) => timestamp))).toEqual(
      new Set(['2026-11-25T17:45:30.000Z']),
    );
  });

  test('t is the time where it can be one, and else a value', () => {
    expect(brief(decodedJson({ sensorid: 'a', t: 21.5, h: 40 }))).toEqual(['a.t=21.5', 'a.h=40']);
    expect(brief(decodedJson({ sensorid: 'a', t: 1795628730, h: 40 }))).toEqual(['a.h=40']);
  });

  test('an object with a value is one reading, and a misspelt value is a mistake', () => {
    expect(refusalOf(decodedJson({ sensorid: 'a', value: 'abc', more: 5 }))).toMatch(/^value must be a finite number/);
    expect(refusalOf(decodedJson({ sensorid: 'a', Value: 5 }))).toMatch(/^value must be a finite number.*missing/);
    expect(refusalOf(decodedJson({ sensorid: 'a', state: 'on' }))).toMatch(/^value must be a finite number.*missing/);
    expect(refusalOf(decodedJson({ temperature: 20 }))).toMatch(/^sensorid must be a string, but is missing/);
  });

  test('a time that is none is refused for each of them', () => {
    expect(refusalOf(decodedJson({ sensorid: 'a', timestamp: 'yesterday', x: 1 }))).toContain('timestamp must be');
  });

  test('an object 100,000 deep is no measurement', () => {
    const text = `{"sensorid":"a","x":1,"deep":${'['.repeat(100_000)}5${']'.repeat(100_000)}}`;
    expect(brief(decoded(text))).toEqual(['a.x=1']);
  });

  test.each([
    [
      'The Things Stack',
      {
        end_device_ids: { device_id: 'eui-1', dev_eui: '70' },
        received_at: '2026-11-25T10:00:01Z',
        uplink_message: {
          f_port: 1,
          f_cnt: 7,
          decoded_payload: { temperature: 21.5, ok: true },
          received_at: '2026-11-25T10:00:00Z',
        },
      },
      ['eui-1.temperature=21.5'],
    ],
    [
      'ChirpStack v4',
      {
        time: '2026-11-25T10:00:00.000000+00:00',
        deviceInfo: { devEui: '0101', deviceName: 'x' },
        fCnt: 4,
        object: { humidity: 60 },
      },
      ['0101.humidity=60'],
    ],
    [
      'Shelly',
      {
        src: 'shellyplus1-1',
        dst: 'x/events',
        method: 'NotifyStatus',
        params: { ts: 1795600800, 'switch:0': { id: 0, apower: 3 } },
      },
      ['shellyplus1-1.switch:0.apower=3'],
    ],
    [
      'Home Assistant',
      {
        entity_id: 'sensor.kitchen',
        state: '21.5',
        attributes: { unit_of_measurement: '°C' },
        last_updated: '2026-11-25T10:00:00+00:00',
      },
      ['sensor.kitchen=21.5 °C'],
    ],
    [
      'SensorThings',
      { phenomenonTime: '2026-11-25T10:00:00Z', result: 8.4, Datastream: { '@iot.id': 12 } },
      ['12=8.4'],
    ],
    [
      'Telegraf',
      { fields: { usage: 1.5, up: true }, name: 'cpu', tags: { host: 'b', cpu: '0' }, timestamp: 1795600800 },
      ['cpu,cpu=0,host=b.usage=1.5'],
    ],
    [
      'CloudEvents',
      { specversion: '1.0', id: '1', source: '/plant', type: 't', time: '2026-11-25T10:00:00Z', data: { flow: 3 } },
      ['/plant.flow=3'],
    ],
  ])('%s', (_name, json, expected) => {
    const result = decodedJson(json);
    expect(brief(result)).toEqual(expected);
    expect(readingsOf(result)[0]?.timestamp).toBe('2026-11-25T10:00:00.000Z');
  });

  test('a batch of Telegraf is several of its metrics', () => {
    const metric = (value: number) => ({ fields: { value }, name: 'm', tags: {}, timestamp: 1795600800 + value });
    expect(brief(decodedJson({ metrics: [metric(1), metric(2)] }))).toEqual(['m.value=1', 'm.value=2']);
  });

  test('Tasmota without its topic is told where the id is', () => {
    expect(
      refusalOf(decodedJson({ Time: '2026-11-25T10:00:00', AM2301: { Temperature: 1 }, TempUnit: 'C' })),
    ).toContain('Tasmota says it in the topic');
  });

  test('an entity of Home Assistant that is unavailable has no value', () => {
    expect(refusalOf(decodedJson({ entity_id: 'sensor.a', state: 'unavailable' }))).toBe(
      'body must have a number that can be a reading, but is 1 values that are texts, booleans or nulls',
    );
  });
});

describe('what no decoder reads', () => {
  test.each([
    ['zlib (78 9c)', deflateSync('{"sensorid":"a","value":1}')],
    ['CBOR', encodeCbor({ sensorid: 'a', value: 1 })],
    ['MessagePack', Buffer.from('82a873656e736f726964a161a576616c756501', 'hex')],
    ['Avro', Buffer.from('4f626a0104166176726f2e736368656d61', 'hex')],
    ['a message of a schema registry', Buffer.from('00000000010261fe', 'hex')],
    ['UTF-16', Buffer.from('{"sensorid":"ä","value":1}', 'utf16le')],
    ['UTF-16', Buffer.from([0xff, 0xfe, ...Buffer.from('{"a":"ä"}', 'utf16le')])],
    ['UTF-16', Buffer.from('{"sensorid":"a","value":1}', 'utf16le')],
    ['zstd', Buffer.from('28b52ffd0400', 'hex')],
    ['a web page', Buffer.from('<!DOCTYPE html><html lang="en">')],
    ['XML', Buffer.from('<?xml version="1.0"?><a b="c">')],
    ['Latin-1', Buffer.from('{"sensorid":"K\u00fcche","value":1}', 'latin1')],
    ['CSV', Buffer.from('time,kitchen\n2026-11-25,21')],
    ['base64', Buffer.from(Buffer.from(lines(reading(1))).toString('base64'))],
    ['names need double quotes', Buffer.from("{'sensorid': 'a', 'value': 1}")],
    ['JSON with NaN', Buffer.from('{"sensorid":"a","value":NaN}')],
  ])('A8: is told as %s', (what, bytes) => {
    expect(refusalOf(decoded(bytes))).toContain(`looks like`);
    expect(refusalOf(decoded(bytes))).toContain(what);
  });

  test.each(['', ' ', 'null', '5', '"a"', 'plain words', 'level=info msg="x y=z"', '"a" = 5', 'a b', '\u0000'])(
    'is refused, never thrown: %j',
    (text) => expect(reasonsOf(decoded(text))).toHaveLength(1),
  );

  test('whatever the bytes are, there is a part, and each is a reading or has reasons', () => {
    const starts = ['{"a":', '[', '[{"n":"a","v":', 'm f=', '\u001f\ufffd', '{"readings":[', '{"topic":"a","data":"'];
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.tuple(fc.constantFrom(...starts), fc.string()).map((texts) => Buffer.from(texts.join(''))),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from([0xf3, 0x89, 0x9a, 0xc2, ...bytes])),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from([0x1f, 0x8b, 8, ...bytes])),
    );
    fc.assert(
      fc.property(any, (bytes) => {
        const { parts } = decoded(bytes);
        expect(parts.length).toBeGreaterThan(0);
        for (const part of parts) if (!part.ok) expect(part.reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test('only the first of many bad parts are told, and all are counted', () => {
    const reasons = reasonsOf(decodedJson(Array.from({ length: 1_000 }, () => 1)));
    expect(reasons).toHaveLength(101);
    expect(reasons.at(-1)).toEqual({
      field: 'body',
      rule: 'must have readings only, of its 1000 parts',
      seen: '1000 that are none',
    });
  });
});
