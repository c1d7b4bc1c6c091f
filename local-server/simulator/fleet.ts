import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

import type { EpochMillis } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { SimulatedReading } from './payload.ts';

export interface FleetOptions {
  readonly devices: number;
  /** Readings per second of the whole fleet; 0 where nothing paces it. */
  readonly rate: number;
  readonly seed: number;
  /** Time of the first reading. */
  readonly start: EpochMillis;
}

/**
 * Readings of a fleet, without end: the devices take turns, each value wanders between 0.00 and 40.00. The same options
 * give the same readings; no clock is read.
 */
export function* fleetReadings({ devices, rate, seed, start }: FleetOptions): Generator<SimulatedReading, never> {
  const random = xoroshiro128plus(seed);
  const fleet = Array.from({ length: devices }, (_, index) => ({
    sensorId: `sensor-${String(index + 1).padStart(4, '0')}`,
    hundredths: uniformInt(random, 1_000, 3_000),
  }));
  // A device never gives two readings in one millisecond: they would be one item of the table.
  const spacing = Math.max(rate === 0 ? 0 : 1_000 / rate, 1 / devices);
  for (let round = 0; ; round++) {
    for (const [turn, device] of fleet.entries()) {
      device.hundredths = Math.min(4_000, Math.max(0, device.hundredths + uniformInt(random, -50, 50)));
      const instant = start + Math.floor((round * devices + turn) * spacing);
      yield {
        sensorId: device.sensorId,
        value: device.hundredths / 100,
        timestamp: formatTimestamp(instant),
      };
    }
  }
}
