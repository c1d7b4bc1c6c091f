import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LatestReadings } from '../../core/latest-readings.ts';
import type { StoredReading } from '../../core/ports.ts';
import { readingKey } from '../../core/reading-key.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { noon, sequenceNumber } from '../support/record-factory.ts';

/** Few sensors and instants, so that most orders of new, late and repeated readings come up. */
const batches = fc
  .array(fc.record({ sensorId: fc.constantFrom('a', 'b', 'c'), instant: fc.nat(6) }), { maxLength: 40 })
  .map((readings) =>
    readings.map(({ sensorId, instant }, index): StoredReading => ({
      sensorId,
      timestamp: formatTimestamp(noon + instant),
      value: index,
      sequenceNumber: sequenceNumber(index),
      arrivedAt: noon,
    })),
  );

test('holds the last reading of each sensor and timestamp, where the first one stood, and tells which one it replaced', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const latest = new LatestReadings();
      const model = new Map<string, StoredReading>();
      for (const reading of batch) {
        expect(latest.add(reading)).toBe(model.get(readingKey(reading)));
        model.set(readingKey(reading), reading);
      }
      expect(latest.all).toEqual([...model.values()]);
    }),
  );
});
