/** What the benchmarks put: readings of a fleet as devices send them, and the requests and events that carry them. */
import type { KinesisStreamEvent } from 'aws-lambda';
import { formatSequenceNumber } from '../../adapters/memory/kinesis-sequence-number.ts';
import type { StreamRecord } from '../../core/ports.ts';
import { toKinesisEvent } from '../../handlers/kinesis-records.ts';
import { fleetReadings } from '../../local-server/simulator/fleet.ts';

interface FleetReading {
  readonly sensorId: string;
  /** `{"sensorid", "value", "timestamp"}`, the payload of the contract. */
  readonly json: string;
}

/** Readings in a request: the most that PutRecords takes. */
const READINGS_PER_REQUEST = 500;

/** The sensors take turns, a thousand readings a second from now on, so that no two are the same and none is old. */
export function* readings(count: number, sensors: number): Generator<FleetReading, undefined> {
  let left = count;
  for (const reading of fleetReadings({ devices: sensors, rate: 1_000, seed: 1, start: Date.now() })) {
    if (left-- === 0) return undefined;
    const { sensorId, value, timestamp } = reading;
    yield { sensorId, json: JSON.stringify({ sensorid: sensorId, value, timestamp }) };
  }
  return undefined;
}

export type Format = 'NDJSON' | 'JSON' | 'PutRecords';

/** Bodies of requests, each with as many readings as a request may have. */
export function requestBodies(format: Format, count: number, sensors: number): Buffer[] {
  const bodies: Buffer[] = [];
  let batch: FleetReading[] = [];
  for (const reading of readings(count, sensors)) {
    batch.push(reading);
    if (batch.length < READINGS_PER_REQUEST) continue;
    bodies.push(Buffer.from(encode(format, batch)));
    batch = [];
  }
  if (batch.length > 0) bodies.push(Buffer.from(encode(format, batch)));
  return bodies;
}

export const STREAM_NAME = 'iot-SensorStream';

function encode(format: Format, batch: readonly FleetReading[]): string {
  switch (format) {
    case 'NDJSON':
      return batch.map(({ json }) => json).join('\n');
    case 'JSON':
      return `[${batch.map(({ json }) => json).join(',')}]`;
    case 'PutRecords':
      return JSON.stringify({
        StreamName: STREAM_NAME,
        Records: batch.map(({ sensorId, json }) => ({
          PartitionKey: sensorId,
          Data: Buffer.from(json).toString('base64'),
        })),
      });
  }
}

const source = {
  streamArn: `arn:aws:kinesis:eu-central-1:123456789012:stream/${STREAM_NAME}`,
  region: 'eu-central-1',
  roleArn: 'arn:aws:iam::123456789012:role/iot-StreamProcessor',
};

/** A batch as Lambda hands it over: parsed from JSON, like everything that Lambda hands over. */
export function kinesisEvent(count: number, sensors = 100): KinesisStreamEvent {
  const arrivedAt = Date.now();
  const createdAtSecond = Math.floor(arrivedAt / 1_000);
  const records = Array.from(readings(count, sensors), ({ sensorId, json }, counter): StreamRecord => ({
    shardId: 'shardId-000000000000',
    sequenceNumber: formatSequenceNumber({ createdAtSecond, counter, arrivedAt, shardIndex: 0 }),
    partitionKey: sensorId,
    arrivedAt,
    data: Buffer.from(json),
  }));
  return JSON.parse(JSON.stringify(toKinesisEvent(records, source))) as KinesisStreamEvent;
}
