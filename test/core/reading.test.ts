import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMoment } from '../../core/moment.ts';
import {
  checkReading,
  describeReasons,
  FAR_FUTURE_MILLIS,
  FAR_PAST_MILLIS,
  flagOf,
  parseReading,
  type Reason,
  type ReadingResult,
} from '../../core/reading.ts';
import { sensorIdProblem } from '../../core/sensor-id.ts';
import { anyCharacter } from '../support/any-character.ts';

const arrivedAt = Date.UTC(2015, 10, 2, 10, 0, 0, 123);
const arrival = '2015-11-02T10:00:00.123Z';

/** Parses JSON text, as a device would send it. */
function parse(text: string): ReadingResult {
  return parseReading(Buffer.from(text), arrivedAt);
}

/** A good reading of the wire with some of its fields as JSON text. */
function wire(fields: { sensorid?: string; value?: string; timestamp?: string }): string {
  const { sensorid = '"probe"', value = '22.5', timestamp = '"2015-11-02T10:00:00.000Z"' } = fields;
  return `{"sensorid":${sensorid},"value":${value},"timestamp":${timestamp}}`;
}

function accepted(result: ReadingResult) {
  if (!result.ok) throw new Error(describeReasons(result.reasons));
  return result.reading;
}

function reasonsOf(result: ReadingResult): readonly Reason[] {
  return result.ok ? [] : result.reasons;
}

describe('the reading as a whole', () => {
  test('takes what the page of 2015 sends', () => {
    const result = parse('{"sensorid":"sensor1","value":"22.0","timestamp":"2015-11-02T10:00:00.000Z"}');

    expect(result).toEqual({
      ok: true,
      reading: { sensorId: 'sensor1', value: 22, timestamp: '2015-11-02T10:00:00.000Z' },
    });
  });

  test('keeps nothing of the fields it does not know, however deep they are', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);

    const reading = accepted(
      parse(`{"sensorid":"probe","value":1,"timestamp":"${arrival}","colour":"red","more":${deep}}`),
    );

    expect(reading).toEqual({ sensorId: 'probe', value: 1, timestamp: arrival });
  });

  test.each([
    ['"°C"', '°C'],
    ['" kWh "', 'kWh'],
    ['""', undefined],
    ['5', undefined],
    ['null', undefined],
    [JSON.stringify('a\u0000b'), undefined],
    [JSON.stringify('x'.repeat(65)), undefined],
  ])('keeps a unit that can be shown, and leaves every other out: %s', (sent, unit) => {
    const reading = accepted(parse(`{"sensorid":"probe","value":1,"timestamp":"${arrival}","unit":${sent}}`));

    expect(reading).toEqual({ sensorId: 'probe', value: 1, timestamp: arrival, ...(unit !== undefined && { unit }) });
  });

  test('says in which part of a record the reason is', () => {
    expect(describeReasons([{ field: 'value', rule: 'must be a number', seen: 'null', part: 3 }])).toBe(
      'part 3: value must be a number, but is null',
    );
  });

  test('names every field that is wrong, not only the first', () => {
    const reasons = reasonsOf(parse('{"value":"abc","timestamp":"yesterday"}'));

    expect(reasons).toEqual([
      { field: 'sensorid', rule: 'must be a string', seen: 'missing' },
      { field: 'value', rule: 'must be a finite number or a numeric string', seen: '"abc"' },
      { field: 'timestamp', rule: expect.stringContaining('must be an ISO 8601'), seen: '"yesterday"' },
    ]);
  });

  test('takes the last of a field that is there twice, as every JSON parser does', () => {
    expect(accepted(parse('{"sensorid":"a","sensorid":"b","value":1,"value":2}'))).toMatchObject({
      sensorId: 'b',
      value: 2,
    });
  });

  test.each(['{"__proto__":{"value":1},"sensorid":"probe"}', '{"constructor":{"value":1},"sensorid":"probe"}'])(
    'inherits no field from a key named like one of the prototype: %s',
    (text) => {
      expect(reasonsOf(parse(text))).toEqual([expect.objectContaining({ field: 'value', seen: 'missing' })]);
    },
  );

  test('reads JSON that is parsed already in the same way', () => {
    const json: unknown = JSON.parse(wire({}));

    expect(checkReading(json, arrivedAt)).toEqual(parse(wire({})));
  });
});

describe('the body', () => {
  test.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['beyond U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a character cut short', [0x22, 0xe2, 0x82]],
    ['Latin-1', [...Buffer.from('{"sensorid":"Küche","value":1}', 'latin1')]],
  ])('refuses bytes that are not UTF-8: %s', (_, bytes) => {
    expect(reasonsOf(parseReading(Uint8Array.from(bytes), arrivedAt))).toEqual([
      { field: 'body', rule: 'must be valid UTF-8', seen: `${bytes.length} bytes that are not` },
    ]);
  });

  test.each([
    ['', 'empty'],
    ['not json', 'not json'],
    ['{"sensorid":"probe","value":1', '{"sensorid":"probe","value":1'],
    ['{"sensorid":"probe","value":1} tail', '{"sensorid":"probe","value":1} tail'],
    ['{"sensorid":"probe","value":NaN}', '{"sensorid":"probe","value":NaN}'],
    ["{'sensorid':'probe'}", "{'sensorid':'probe'}"],
    ['two\nlines\u2028\u0000\u007f', 'two\ufffdlines\ufffd\ufffd\ufffd'],
  ])('refuses what is not JSON: %j', (text, seen) => {
    expect(reasonsOf(parse(text))).toEqual([{ field: 'body', rule: 'must be JSON', seen }]);
  });

  test.each([
    ['null', 'null'],
    ['true', 'true'],
    ['42', '42'],
    ['1e400', 'Infinity'],
    ['"text"', 'text'],
    ['[]', '[]'],
    [`[${wire({})}]`, `[${wire({})}]`],
  ])('refuses JSON that is no object: %s', (text, seen) => {
    expect(reasonsOf(parse(text))).toEqual([{ field: 'body', rule: 'must be a JSON object', seen: seen.slice(0, 80) }]);
  });

  test('takes a byte order mark for no part of the JSON', () => {
    expect(accepted(parse(`\ufeff${wire({})}`)).sensorId).toBe('probe');
  });
});

describe('the sensor id', () => {
  test.each(['{"sensorid":"probe","value":1}', '{"sensorId":"probe","value":1}'])('is read from %s', (text) => {
    expect(accepted(parse(text)).sensorId).toBe('probe');
  });

  test('may be given under both names where both are the same', () => {
    expect(accepted(parse('{"sensorid":"probe","sensorId":"probe","value":1}')).sensorId).toBe('probe');
  });

  test.each([
    ['"a"', '"b"', '["a","b"]'],
    ['null', '"b"', '[null,"b"]'],
  ])('is refused where its two names differ: %s, %s', (sensorid, sensorId, seen) => {
    expect(reasonsOf(parse(`{"sensorid":${sensorid},"sensorId":${sensorId},"value":1}`))).toEqual([
      { field: 'sensorid', rule: 'must be the same where sensorId is given too', seen },
    ]);
  });

  test.each(['Küche', '°C', '台所', '🌡️', 'Wohnzimmer / Fenster 2', '\u2028', ' '])('may be %j', (id) => {
    expect(accepted(parse(wire({ sensorid: JSON.stringify(id) }))).sensorId).toBe(id);
  });

  test.each([
    ['null', 'must be a string', 'null'],
    ['7', 'must be a string', '7'],
    ['["probe"]', 'must be a string', '["probe"]'],
    ['""', 'must not be empty', '""'],
    [String.raw`"a\nb"`, 'must not contain the control character U+000A', String.raw`"a\nb"`],
    [String.raw`"\ud800"`, 'must not contain the lone surrogate U+D800', String.raw`"\ud800"`],
    [JSON.stringify('x'.repeat(257)), 'must have at most 256 characters', `"${'x'.repeat(78)}…`],
  ])('is refused as %s', (sensorid, rule, seen) => {
    expect(reasonsOf(parse(wire({ sensorid })))).toEqual([{ field: 'sensorid', rule, seen }]);
  });
});

describe('the value', () => {
  test.each([
    ['22', 22],
    ['-0.5', -0.5],
    ['1e3', 1_000],
    ['"22.0"', 22],
    ['"1e3"', 1_000],
    ['" 7 "', 7],
    [String.raw`"\t7\n"`, 7],
    ['"+5"', 5],
    ['"-5"', -5],
    ['".5"', 0.5],
    ['"5."', 5],
    ['"007"', 7],
    ['"1E-3"', 0.001],
    ['1e-130', 1e-130],
    ['9.99e125', 9.99e125],
    ['0.30000000000000004', 0.30000000000000004],
    ['"0.1000000000000000055511151231257827021181583404541015625"', 0.1],
  ])('%s is %d', (value, expected) => {
    expect(accepted(parse(wire({ value }))).value).toBe(expected);
  });

  // telegraf#7555 and #9520, and values that JSON.parse changes without a word.
  test.each([
    ['9007199254740993', 9007199254740992],
    ['8121069193333309404', 8121069193333309000],
    ['"18446744073709551615"', 18446744073709552000],
    ['"0.1234567890123456789"', 0.12345678901234568],
  ])('%s is kept as %d, and flagged as inexact', (value, kept) => {
    expect(accepted(parse(wire({ value })))).toMatchObject({ value: kept, flags: ['inexact'] });
  });

  test.each([
    '9007199254740992',
    '9.007199254740992e15',
    '"0022.50"',
    '12345678901234567000',
    '0',
    '0.000',
    '-0',
    '"0e5"',
    '1e21',
  ])('%s is exact', (value) => {
    expect(accepted(parse(wire({ value })))).not.toHaveProperty('flags');
  });

  test.each(['1e-400', '"1e-400"', '-1e-400'])('refuses %s, which only a double takes for 0', (value) => {
    expect(reasonsOf(parse(wire({ value })))).toMatchObject([
      {
        field: 'value',
        rule: expect.stringMatching(/^must be 0 or from 1e-130/),
        seen: expect.stringMatching(/1e-400|0\.0/),
      },
    ]);
  });

  test('is compared with its own number, whatever else is in the text', () => {
    const text = '{"sensorid":"9007199254740993","value":9007199254740992,"note":"9007199254740993"}';
    expect(accepted(parse(text)).flags).toEqual(['arrival-time']);
  });

  test.each(['-0', '"-0"', '-0.0'])('has no negative zero: %s', (value) => {
    expect(accepted(parse(wire({ value }))).value).toBe(0);
  });

  test.each([
    '""',
    '" "',
    '"abc"',
    'null',
    'true',
    'false',
    '"true"',
    '"0x10"',
    '"0b1"',
    '"0o7"',
    '"1_000"',
    '"1,5"',
    '"1.000,5"',
    '"7 8"',
    '"22 °C"',
    '"٣"',
    '"２２"',
    '"e5"',
    '"1e"',
    '"."',
    '"+"',
    '"--5"',
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '1e400',
    '-1e400',
    '"1e400"',
    '[]',
    '[22]',
    '{}',
    '{"valueOf":22}',
  ])('refuses %s as no number', (value) => {
    expect(reasonsOf(parse(wire({ value })))).toEqual([
      {
        field: 'value',
        rule: 'must be a finite number or a numeric string',
        seen: value,
      },
    ]);
  });

  test('says so where a number string is too large for a number', () => {
    expect(reasonsOf(parse(wire({ value: '"1e400"' })))[0]?.seen).toBe('"1e400"');
  });

  test.each(['1e126', '-1e126', '"1e126"', '1e-131', '-1e-131', '5e-324', '1.7976931348623157e308'])(
    'refuses %s, which the table cannot hold',
    (value) => {
      expect(reasonsOf(parse(wire({ value })))).toEqual([
        expect.objectContaining({ field: 'value', rule: expect.stringContaining('from 1e-130 to below 1e126') }),
      ]);
    },
  );

  test('is decided quickly for a string of a million digits or blanks', () => {
    const long = 1_000_000;

    expect(reasonsOf(parse(wire({ value: `"${'9'.repeat(long)}"` })))).toHaveLength(1);
    expect(reasonsOf(parse(wire({ value: `"1${' '.repeat(long)}x"` })))).toHaveLength(1);
    expect(accepted(parse(wire({ value: `"1.${'0'.repeat(long)}"` }))).value).toBe(1);
  });

  test('is the same number whether it comes as a number or as text', () => {
    const magnitude = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => value === 0 || (Math.abs(value) >= 1e-130 && Math.abs(value) < 1e126));

    fc.assert(
      fc.property(magnitude, (value) => {
        const asNumber = accepted(parse(wire({ value: String(value) })));
        const asText = accepted(parse(wire({ value: JSON.stringify(` ${value} `) })));

        expect(asNumber.value === value && asText.value === value).toBe(true);
      }),
    );
  });
});

describe('the timestamp', () => {
  test.each([
    ['"2015-11-02T10:00:00.000Z"', '2015-11-02T10:00:00.000Z'],
    ['"2015-11-02T10:00:00+01:00"', '2015-11-02T09:00:00.000Z'],
    ['" 2015-11-02 10:00 "', '2015-11-02T10:00:00.000Z'],
    ['1446458400000', '2015-11-02T10:00:00.000Z'],
    ['1446458400000.9', '2015-11-02T10:00:00.0009Z'],
    // 5,000 readings a second (influxdata/influxdb#23804), and nanoseconds, of which a double has too few digits.
    ['"2015-11-02T10:00:00.000200Z"', '2015-11-02T10:00:00.0002Z'],
    ['1446458400000200', '2015-11-02T10:00:00.0002Z'],
    ['1446458400000000257', '2015-11-02T10:00:00.000000257Z'],
    ['"1446458400000"', '2015-11-02T10:00:00.000Z'],
    ['1446458400', '2015-11-02T10:00:00.000Z'],
    ['"20151102100000"', '2015-11-02T10:00:00.000Z'],
    ['"1958-03-15"', '1958-03-15T00:00:00.000Z'],
    ['"0001-01-01T00:00:00Z"', '0001-01-01T00:00:00.000Z'],
    ['"9999-12-31T23:59:59.999Z"', '9999-12-31T23:59:59.999Z'],
    ['"1970-01-01T00:00:00.000Z"', '1970-01-01T00:00:00.000Z'],
  ])('%s is normalised to %s', (timestamp, expected) => {
    expect(accepted(parse(wire({ timestamp }))).timestamp).toBe(expected);
  });

  test('is the time of arrival where there is none', () => {
    expect(accepted(parse('{"sensorid":"probe","value":1}')).timestamp).toBe(arrival);
    expect(accepted(parse(wire({ timestamp: 'null' }))).timestamp).toBe(arrival);
  });

  test.each(['""', '" "', '"yesterday"', '"2015-02-31T00:00:00.000Z"', 'true', '{}', '[1446458400000]', '1e400'])(
    'refuses %s as none',
    (timestamp) => {
      expect(reasonsOf(parse(wire({ timestamp })))).toEqual([
        {
          field: 'timestamp',
          rule: 'must be an ISO 8601 date and time, or seconds, milliseconds, microseconds or nanoseconds since 1970',
          seen: timestamp,
        },
      ]);
    },
  );

  test.each([
    '"0001-01-01T00:00:00+00:01"',
    '"0000-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59.999-00:01"',
    '"9999-12-31T24:00"',
  ])('refuses %s as outside the years 1 to 9999', (timestamp) => {
    expect(reasonsOf(parse(wire({ timestamp })))).toEqual([
      expect.objectContaining({ field: 'timestamp', rule: 'must be in the years 1 to 9999 (UTC)' }),
    ]);
  });
});

describe('the time under another name', () => {
  // daq-tools/kotori#26, openobserve#6257, influxdb#23024, aioecowitt#419: the time of arrival was stored instead.
  test.each(['ts', 'time', 'Timestamp', 'Time', 'datetime', 'date', 'last_seen', 'received_at', 't'])(
    'is read from %s',
    (name) => {
      const reading = accepted(parse(`{"sensorid":"probe","value":1,"${name}":1446458340}`));

      expect(reading.timestamp).toBe('2015-11-02T09:59:00.000Z');
    },
  );

  test('counts only where there is no timestamp', () => {
    const time = '"time":"2015-11-01"';

    expect(accepted(parse(`{"sensorid":"p","value":1,${time},"timestamp":"2015-11-02"}`)).timestamp).toMatch(/11-02T/);
    expect(accepted(parse(`{"sensorid":"p","value":1,${time},"timestamp":null}`)).timestamp).toMatch(/11-01T/);
  });

  test('is refused where it is none, under the name that was sent', () => {
    const reasons = reasonsOf(parse('{"sensorid":"probe","value":1,"time":"10:00"}'));

    expect(describeReasons(reasons)).toMatch(/^timestamp \(sent as time\) must be an ISO 8601 .*, but is "10:00"$/);
  });

  test('may be the temperature where it is t', () => {
    expect(accepted(parse('{"sensorid":"probe","value":1,"t":21.5}')).timestamp).toBe(arrival);
  });
});

describe('a reading far from its arrival', () => {
  test.each([
    ['"1970-01-01T00:00:00Z"', 'far-past'],
    ['"9999-12-31T23:59:59Z"', 'far-future'],
    [String(arrivedAt - FAR_PAST_MILLIS - 1), 'far-past'],
    [String(arrivedAt + FAR_FUTURE_MILLIS + 1), 'far-future'],
  ])('is kept and flagged: %s is %s', (timestamp, flag) => {
    expect(parse(wire({ timestamp }))).toMatchObject({
      ok: true,
      reading: { sensorId: 'probe', value: 22.5, flags: [flag] },
    });
  });

  test.each([arrivedAt - FAR_PAST_MILLIS, arrivedAt, arrivedAt + FAR_FUTURE_MILLIS])(
    'is not flagged within the window: %d',
    (instant) => {
      expect(accepted(parse(wire({ timestamp: String(instant) })))).not.toHaveProperty('flags');
      expect(flagOf(instant, arrivedAt)).toBeUndefined();
    },
  );
});

describe('reasons', () => {
  test('are one sentence for people', () => {
    const reasons = reasonsOf(parse('{"sensorid":"","value":"abc"}'));

    expect(describeReasons(reasons)).toBe(
      'sensorid must not be empty, but is ""; value must be a finite number or a numeric string, but is "abc"',
    );
  });

  const deep = {
    arrays: '['.repeat(100_000) + ']'.repeat(100_000),
    objects: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  };
  test.each([
    ['body', deep.arrays],
    ['sensorid', wire({ sensorid: deep.arrays })],
    ['sensorid', `{"sensorid":${deep.objects},"sensorId":"probe","value":1}`],
    ['value', wire({ value: deep.objects })],
    ['timestamp', wire({ timestamp: deep.arrays })],
  ])('are given for a %s nested 100,000 deep, which must not bring the batch down', (field, text) => {
    expect(reasonsOf(parse(text))).toEqual([expect.objectContaining({ field, seen: 'nested too deeply to show' })]);
  });

  test('show up to 80 characters of what was seen', () => {
    expect(reasonsOf(parse('x'.repeat(80)))[0]?.seen).toBe('x'.repeat(80));
    expect(reasonsOf(parse('x'.repeat(81)))[0]?.seen).toBe(`${'x'.repeat(79)}…`);
  });

  test('cut what was seen without leaving half a character', () => {
    const [reason] = reasonsOf(parse(`x${'🌡'.repeat(60)}`));

    expect(reason?.seen).toBe(`x${'🌡'.repeat(39)}…`);
    expect(reasonsOf(parse('🌡'.repeat(60)))[0]?.seen).toBe(`${'🌡'.repeat(39)}\ufffd…`);
  });
});

describe('whatever the bytes are', () => {
  const anyField = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: anyCharacter }),
    fc.double(),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  const almostReading = fc
    .record(
      { sensorid: anyField, sensorId: anyField, value: anyField, timestamp: anyField },
      { requiredKeys: [], noNullPrototype: true },
    )
    .map((fields) => Buffer.from(JSON.stringify(fields)));
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.string({ unit: anyCharacter }).map((text) => Buffer.from(text)),
    almostReading,
  );

  test('there is a reading that every store takes, or there are reasons that fit on a line', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const result = parseReading(bytes, arrivedAt);
        if (result.ok) {
          const { sensorId, value, timestamp } = result.reading;
          expect(sensorIdProblem(sensorId)).toBeUndefined();
          expect(Number.isFinite(value)).toBe(true);
          expect(parseMoment(timestamp)).toBeDefined();
        } else {
          expect(result.reasons.length).toBeGreaterThan(0);
          for (const { seen } of result.reasons) expect(seen).toMatch(/^[^\p{Cc}\p{Cs}\u2028\u2029]{1,80}$/u);
        }
      }),
      { numRuns: 500 },
    );
  });
});
