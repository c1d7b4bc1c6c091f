/**
 * What does each format cost beside the contract's JSON object? CPU time a reading, for records of a hundred readings (KPL: of a
 * thousand). An object of the contract is a record each.
 */
import { gzipSync } from 'node:zlib';
import { NodeCompression } from '../adapters/node/node-compression.ts';
import { decode } from '../core/decoding/decode.ts';
import { thousandReadings } from '../test/recorded/kpl/aggregates.ts';
import type { Answer, Question } from './question.ts';
import { compareCpu, type Comparison } from './support/cpu-time.ts';

const READINGS = 100;
/** Records decoded in a row: one would be too short to be measured. */
const RECORDS = 20;

const arrivedAt = Date.UTC(2026, 10, 25, 12);
const tools = new NodeCompression();

interface Sample {
  readonly format: string;
  readonly records: readonly Uint8Array[];
  /** In each record. */
  readonly readings: number;
}

/** @throws Error where a format is not read as it is meant: another decoder would be measured. */
function decodeAll({ records, format, readings }: Sample): Promise<void> {
  for (const record of records) {
    const decoded = decode(record, { arrivedAt }, tools);
    if (decoded.format !== format || decoded.parts.length !== readings || decoded.parts.some(({ ok }) => !ok)) {
      throw new Error(`a record of ${format} was read as ${decoded.parts.length} parts of ${decoded.format}`);
    }
  }
  return Promise.resolve();
}

const numbers = Array.from({ length: READINGS }, (_, n) => n);
const value = (n: number) => Math.round(2_000 + 500 * Math.sin(n)) / 100;
const timestamp = (n: number) => new Date(arrivedAt - n * 1_000).toISOString();
const objects = numbers.map((n) => ({ sensorid: `device-${n % 5}`, value: value(n), timestamp: timestamp(n) }));
const lines = objects.map((object) => JSON.stringify(object)).join('\n');

const contract: Sample = {
  format: 'json',
  records: objects.map((object) => Buffer.from(JSON.stringify(object))),
  readings: 1,
};

const texts: Readonly<Record<string, string | Uint8Array>> = {
  'json-array': JSON.stringify(objects),
  ndjson: lines,
  batch: JSON.stringify({
    sensorid: 'device',
    readings: objects.map(({ value, timestamp }) => ({ value, timestamp })),
  }),
  'numeric-leaves': JSON.stringify({
    sensorid: 'device',
    timestamp: timestamp(0),
    ...Object.fromEntries(numbers.map((n) => [`channel${n}`, value(n)])),
  }),
  senml: JSON.stringify([
    { bn: 'device:', bt: arrivedAt / 1_000, n: 'c0', v: value(0) },
    ...numbers.slice(1).map((n) => ({ n: `c${n}`, t: -n, v: value(n) })),
  ]),
  'line-protocol': numbers.map((n) => `room,device=d${n % 5} c=${value(n)} ${arrivedAt - n * 1_000}000000`).join('\n'),
  'gzip, ndjson': gzipSync(lines),
};

const samples: readonly Sample[] = [
  ...Object.entries(texts).map(([format, text]) => ({
    format,
    records: Array.from({ length: RECORDS }, () => (typeof text === 'string' ? Buffer.from(text) : text)),
    readings: READINGS,
  })),
  { format: 'kpl', records: [thousandReadings, thousandReadings], readings: 1_000 },
  {
    format: 'iot-core, json',
    records: objects.map((object) => {
      const data = Buffer.from(JSON.stringify(object)).toString('base64');
      return Buffer.from(JSON.stringify({ topic: 'plant/device', clientId: 'device', receivedAt: arrivedAt, data }));
    }),
    readings: 1,
  },
];

export const question: Question = {
  name: 'decoders',
  title: 'Decoders',

  async measure({ quick }, say): Promise<Answer> {
    const options = quick ? { rounds: 3, leastMillis: 60 } : { rounds: 11, leastMillis: 300 };
    const perReading = (sample: Sample) => sample.records.length * sample.readings;
    const results: { readonly format: string; readonly own: number; readonly contracts: number }[] = [];
    for (const sample of samples) {
      say(sample.format);
      const { ours, base }: Comparison = await compareCpu(
        { run: () => decodeAll(sample) },
        { run: () => decodeAll(contract) },
        options,
      );
      results.push({ format: sample.format, own: ours / perReading(sample), contracts: base / perReading(contract) });
    }
    const dearest = results.reduce((most, next) =>
      next.own / next.contracts > most.own / most.contracts ? next : most,
    );
    return {
      findings: [
        {
          what: 'the most expensive format: CPU time a reading against an object of the contract',
          measured: `${ratio(dearest)} (${dearest.format})`,
        },
      ],
      tables: [
        {
          caption: 'Microseconds of CPU a reading, from the bytes of the record',
          columns: ['format', 'this format', "the contract's object", 'ratio'],
          rows: results.map((result) => [
            result.format,
            result.own.toFixed(2),
            result.contracts.toFixed(2),
            ratio(result),
          ]),
        },
      ],
      notes: [],
    };
  },
};

function ratio({ own, contracts }: { readonly own: number; readonly contracts: number }): string {
  return `${(own / contracts).toFixed(2)} ×`;
}
