import type { SensorReading } from './reading.ts';

/** What makes two readings the same: sensor and timestamp. Timestamps have one width, so no other pair gives the same text. */
export function readingKey({ sensorId, timestamp }: Pick<SensorReading, 'sensorId' | 'timestamp'>): string {
  return timestamp + sensorId;
}
