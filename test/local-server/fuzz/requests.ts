/** Requests that no one should send, and some that one may, for every door of the server. */
import { encode as encodeCbor } from 'cborg';
import fc from 'fast-check';
import type { RawRequest } from '../../support/raw-http.ts';

const prototypeKeys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'];
const numbers = ['1e999', '-1e999', '9'.repeat(400), '0.'.padEnd(400, '1'), '1e-999', '-0', '9007199254740993'];
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '\u2028',
    '\ufeff',
    '\ud800',
    '=1+1',
    '../../etc/passwd',
    '%',
    '%00',
    ...prototypeKeys,
  ),
  fc.nat(5_000).map((length) => 'x'.repeat(length)),
);

/** JSON text, also such that JSON.stringify never writes. */
const rawNumber = fc.oneof(fc.constantFrom(...numbers), fc.double().map(String), fc.integer().map(String));
const member = fc.oneof(
  text.map((each) => JSON.stringify(each)),
  rawNumber,
  fc.json(),
  fc.constantFrom('null', 'true', '{}', '[]', '"\\ud800"', '"\\u0000"'),
);
const objectText = (names: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(names, member), { maxLength: 6 })
    .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`);
const readingText = objectText(
  fc.oneof(fc.constantFrom('sensorid', 'sensorId', 'value', 'timestamp', 'ts', 'unit', ...prototypeKeys), text),
);
const goodReading = fc
  .record({
    sensorid: fc.string({ minLength: 1, maxLength: 20 }),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  })
  .map((reading) => JSON.stringify(reading));
const deep = fc
  .tuple(fc.integer({ min: 1, max: 50_000 }), fc.constantFrom(['[', ']'] as const, ['{"a":', '}'] as const))
  .map(([depth, [open, close]]) => open.repeat(depth) + '1' + close.repeat(depth));

const jsonText = fc.oneof(
  goodReading,
  readingText,
  fc.array(fc.oneof(goodReading, readingText, member), { maxLength: 20 }).map((items) => `[${items.join()}]`),
  fc.array(fc.oneof(goodReading, readingText, member), { maxLength: 20 }).map((items) => items.join('\n')),
  deep,
  member,
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((each) => Buffer.from(each)),
  jsonText.map((each) => Buffer.from(each)),
  // Something in the text that is no UTF-8, or a text that ends early.
  fc.tuple(jsonText, fc.nat(), fc.nat(255)).map(([each, at, byte]) => {
    const changed = Buffer.from(each);
    if (changed.length > 0) changed[at % changed.length] = byte;
    return changed;
  }),
  fc.tuple(jsonText, fc.nat()).map(([each, at]) => Buffer.from(each).subarray(0, at % (each.length + 1))),
  jsonText.map((each) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(each)])),
  jsonText.map((each) => Buffer.from(each, 'utf16le')),
);

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const contentType = fc.constantFrom(
  ...[
    'application/json',
    'application/x-ndjson',
    'text/plain',
    'application/json; charset=utf-16',
    'multipart/form-data',
  ],
  ...['application/x-amz-json-1.1', 'application/cbor', '', 'nonsense', 'application/json;;;'],
);
const strangeHeader = fc.constantFrom(
  ...['content-encoding: gzip', 'expect: 100-continue', 'expect: more', 'origin: null', 'origin: http://evil.test'],
  ...[
    'accept-encoding: gzip, br;q=2',
    'range: bytes=0-',
    'x-forwarded-for: ::1',
    'authorization: Bearer x',
    'last-event-id: -1',
  ],
  ...['sec-fetch-site: cross-site', 'upgrade: h2c', 'cookie: a=b; __proto__=c', 'x-a: \x80\xff'],
);
const headers = fc
  .tuple(contentType, fc.array(strangeHeader, { maxLength: 2 }))
  .map(([type, strange]) => [`content-type: ${type}`, ...strange]);

const segment = text.map((each) => encodeURIComponent(each.replace(/\p{Cs}/gu, '\ufffd')).slice(0, 3_000));
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom('limit', 'after', 'prefix', 'from', 'to', 'order', 'cursor', 'x', ...prototypeKeys),
      segment,
    ),
    {
      maxLength: 3,
    },
  )
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));
const place = fc.oneof(
  fc.constantFrom(
    ...[
      '/readings',
      '/sensors',
      '/archive',
      '/failures',
      '/quarantine',
      '/pipeline',
      '/health',
      '/ready',
      '/scoreboard',
    ],
    ...[
      '/docs/json',
      '/lab/faults',
      '/lab/clock',
      '/lab/fleet',
      '/',
      '//',
      '/.%2e/x',
      '/%',
      '/%ff',
      '*',
      'http://a/readings',
    ],
  ),
  segment.map((each) => `/sensors/${each}/readings`),
  segment.map((each) => `/metrics/sensors/${each}`),
  segment.map((each) => `/archive/${each}`),
  segment.map((each) => `/quarantine/${each}`),
  segment.map((each) => `/failures/${each}`),
  segment.map((each) => `/${each}`),
);

/** Reads anything; what would end (faults, clock, fleets) what is tested here is not posted to. */
const reads: fc.Arbitrary<Call> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'TRACE', 'PROPFIND', 'QUERY'),
  path: fc.tuple(place, query).map((parts) => parts.join('')),
  headers,
  body: fc.constant(Buffer.alloc(0)),
});

const puts: fc.Arbitrary<Call> = fc.record({
  method: fc.constant('POST'),
  path: fc.constant('/readings'),
  headers: fc.oneof(
    headers,
    fc.constantFrom(['content-type: application/json'], ['content-type: application/x-ndjson']),
  ),
  body: bytes,
});

const target = fc.oneof(
  fc.constantFrom(
    ...[
      'PutRecord',
      'PutRecords',
      'ListShards',
      'GetRecords',
      'GetShardIterator',
      'DescribeStream',
      'ListStreams',
      'Nothing',
    ],
  ),
  fc.constantFrom(...prototypeKeys),
);
const awsMembers = fc.record(
  {
    StreamName: fc.oneof(fc.constant('iot-SensorStream'), text),
    Data: fc.oneof(fc.base64String(), text),
    PartitionKey: fc.oneof(fc.string({ minLength: 1, maxLength: 256 }), text),
    ExplicitHashKey: fc.oneof(fc.bigInt({ min: 0n }).map(String), text),
    ShardId: fc.oneof(fc.constant('shardId-000000000000'), text),
    ShardIteratorType: fc.constantFrom('TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP', 'NOTHING'),
    ShardIterator: text,
    Timestamp: fc.double(),
    Records: fc.array(fc.record({ Data: fc.base64String(), PartitionKey: text }, { requiredKeys: [] }), {
      maxLength: 5,
    }),
    Limit: fc.oneof(fc.integer(), fc.double()),
  },
  { requiredKeys: ['StreamName'] },
);
const kinesis: fc.Arbitrary<Call> = fc
  .tuple(target, fc.boolean(), fc.oneof(awsMembers, awsMembers, fc.jsonValue()), fc.option(bytes, { freq: 4 }))
  .map(([operation, cbor, members, body]) => ({
    method: 'POST',
    path: '/',
    headers: [
      `x-amz-target: Kinesis_20131202.${operation}`,
      `content-type: application/x-amz-${cbor ? 'cbor' : 'json'}-1.1`,
    ],
    body: body ?? Buffer.from(cbor ? encodeCbor(members) : JSON.stringify(members)),
  }));
const lambda: fc.Arbitrary<Call> = fc
  .tuple(
    fc.oneof(fc.constantFrom('iot-IoTAPI', 'iot-IoTS3EventProcessor', 'iot-IoTDDBEventProcessor'), segment),
    fc.oneof(
      fc
        .record({ operation: fc.constant('query'), sensorId: text, limit: fc.oneof(fc.integer(), text) })
        .map((each) => Buffer.from(JSON.stringify(each))),
      bytes,
    ),
    headers,
  )
  .map(([name, body, headersOf]) => ({
    method: 'POST',
    path: `/2015-03-31/functions/${name}/invocations`,
    headers: headersOf,
    body,
  }));

/** How the body goes over the wire. Only the first two say the truth. */
const framings = ['length', 'chunks', 'too-short', 'too-long', 'broken-chunks', 'both', 'none', 'cut'] as const;
type Framing = (typeof framings)[number];

interface FuzzRequest extends RawRequest {
  /** A request in HTTP, which must be answered. */
  readonly whole: boolean;
}

function frame({ method, path, headers: given, body }: Call, framing: Framing, at: number): FuzzRequest {
  const head = (...more: readonly string[]) =>
    Buffer.from(
      `${[`${method} ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...given, ...more].join('\r\n')}\r\n\r\n`,
      'latin1',
    );
  const sized = (length: number) => Buffer.concat([head(`content-length: ${length}`), body]);
  const chunked = (broken: boolean, ...more: readonly string[]) => {
    const size = 1 + (at % 700);
    const chunks: Buffer[] = [];
    for (let start = 0; start < body.length; start += size) {
      const chunk = body.subarray(start, start + size);
      chunks.push(Buffer.from(`${(chunk.length + (broken ? 1 : 0)).toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    }
    return Buffer.concat([head('transfer-encoding: chunked', ...more), ...chunks, Buffer.from('0\r\n\r\n')]);
  };
  const whole = { half: false, whole: true };
  const broken = { half: true, whole: false };
  switch (framing) {
    case 'length':
      return { bytes: sized(body.length), ...whole };
    case 'chunks':
      return { bytes: chunked(false), ...whole };
    case 'too-short':
      return { bytes: sized(Math.floor(body.length / 2)), ...broken };
    case 'too-long':
      return { bytes: sized(body.length + 1 + (at % 100)), ...broken };
    case 'broken-chunks':
      return { bytes: chunked(true), ...broken };
    case 'both':
      return { bytes: chunked(false, `content-length: ${body.length}`), ...broken };
    case 'none':
      return { bytes: Buffer.concat([head(), body]), ...broken };
    case 'cut': {
      const all = sized(body.length);
      return { bytes: all.subarray(0, at % all.length), ...broken };
    }
  }
}

/** The server tells TLS by its first byte, and answers it in TLS. */
const TLS_HANDSHAKE = 0x16;

const noise: fc.Arbitrary<FuzzRequest> = fc
  .uint8Array({ minLength: 1, maxLength: 500 })
  .filter(([first]) => first !== TLS_HANDSHAKE)
  .map((each) => ({ bytes: Buffer.from(each), half: true, whole: false }));

const anyRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc
      .tuple(
        fc.oneof(
          { weight: 4, arbitrary: puts },
          { weight: 2, arbitrary: reads },
          { weight: 2, arbitrary: kinesis },
          { weight: 1, arbitrary: lambda },
        ),
        fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom('length' as const, 'chunks' as const) },
          { weight: 2, arbitrary: fc.constantFrom(...framings) },
        ),
        fc.nat(),
      )
      .map(([call, framing, at]) => frame(call, framing, at)),
  },
  { weight: 1, arbitrary: noise },
);

/** A counterexample is printed as text. */
export const fuzzRequest = anyRequest.map((request) => ({
  ...request,
  [fc.toStringMethod]: () => `${JSON.stringify(Buffer.from(request.bytes).toString('latin1'))} half: ${request.half}`,
}));
