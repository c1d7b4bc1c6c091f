import type { QuarantinedRecord, StoredReading, StreamEvent, StreamRecord } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';

export const noon = Date.UTC(2026, 0, 15, 12);

const encoder = new TextEncoder();

/** The bytes of a text, or of the JSON of anything else. */
export function bytesOf(content: unknown): Uint8Array {
  return encoder.encode(typeof content === 'string' ? content : JSON.stringify(content));
}

export function streamEvent(
  partitionKey: string,
  content: unknown = { sensorid: partitionKey, value: 1 },
): StreamEvent {
  return { partitionKey, data: bytesOf(content) };
}

export function streamRecord(overrides: Partial<StreamRecord> = {}): StreamRecord {
  return {
    partitionKey: 'kitchen',
    data: bytesOf({ sensorid: 'kitchen', value: 21.5 }),
    shardId: 'shardId-000000000000',
    sequenceNumber: sequenceNumber(1),
    arrivedAt: noon,
    ...overrides,
  };
}

export function quarantinedRecord(overrides: Partial<StreamRecord> = {}): QuarantinedRecord {
  return {
    record: streamRecord({ data: bytesOf('no JSON'), ...overrides }),
    reasons: [{ field: 'body', rule: 'must be JSON', seen: 'no JSON' }],
    quarantinedAt: noon + 1_000,
  };
}

export function storedReading(overrides: Partial<StoredReading> = {}): StoredReading {
  return {
    sensorId: 'kitchen',
    value: 21.5,
    timestamp: formatTimestamp(noon),
    sequenceNumber: sequenceNumber(1),
    arrivedAt: noon,
    ...overrides,
  };
}

/** The n-th of a shard's sequence numbers, of the width of Kinesis's. */
export function sequenceNumber(n: number): string {
  return `49${String(n).padStart(54, '0')}`;
}

/** A run of records of one shard, one sequence number after the other. */
export function records(count: number, overrides: Partial<StreamRecord> = {}): StreamRecord[] {
  return Array.from({ length: count }, (_, n) => streamRecord({ sequenceNumber: sequenceNumber(n + 1), ...overrides }));
}
