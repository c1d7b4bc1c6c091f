import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

import { parseIso8601 } from '../../core/iso-8601.ts';
import { EARLIEST, formatTimestamp } from '../../core/timestamp.ts';
import { flaws, type PlannedPayload, type SimulatedReading } from './payload.ts';

export interface FaultOptions {
  readonly seed: number;
  /** 0–1: the chance that a payload is bad, a duplicate, late or out of order, each as likely as the others. */
  readonly share: number;
}

const HOUR_MILLIS = 60 * 60 * 1_000;
const faults = ['bad', 'duplicate', 'late', 'out-of-order'] as const;

/**
 * From readings to the payloads that are sent. No reading is lost on the way: bad payloads and duplicates come on top.
 *
 * - bad: no reading at all, in one of the ways of `flaws`;
 * - duplicate: the sensor's last payload again;
 * - late: a timestamp one hour to three days before its time;
 * - out of order: changes places with the sensor's next reading; of the two only the one that comes late is counted.
 */
export async function* planPayloads(
  readings: Iterable<SimulatedReading> | AsyncIterable<SimulatedReading>,
  { seed, share }: FaultOptions,
): AsyncGenerator<PlannedPayload> {
  const random = xoroshiro128plus(seed);
  random.jump(); // Away from the numbers that the fleet draws: the values stay the same whatever the share is.
  const draw = () => (uniformFloat64(random) < share ? faults[uniformInt(random, 0, faults.length - 1)] : undefined);

  const lastSent = new Map<string, { readonly n: number; readonly reading: SimulatedReading }>();
  const heldBack = new Map<string, SimulatedReading>();
  let index = 0;
  let n = 0;
  const send = (kind: 'plain' | 'late' | 'out-of-order', reading: SimulatedReading): PlannedPayload => {
    const numbered = { n: n++, reading };
    if (share > 0) lastSent.set(reading.sensorId, numbered);
    return { index: index++, kind, ...numbered };
  };

  for await (const reading of readings) {
    let fault = draw();
    for (; fault === 'bad' || fault === 'duplicate'; fault = draw()) {
      const last = lastSent.get(reading.sensorId);
      if (fault === 'bad') {
        yield {
          index: index++,
          kind: 'bad',
          flaw: flaws[uniformInt(random, 0, flaws.length - 1)] ?? 'not JSON',
          reading,
        };
      } else if (last !== undefined) yield { index: index++, kind: 'duplicate', ...last };
    }
    const waiting = heldBack.get(reading.sensorId);
    if (waiting !== undefined) {
      heldBack.delete(reading.sensorId);
      yield send('plain', reading);
      yield send('out-of-order', waiting);
    } else if (fault === 'out-of-order') heldBack.set(reading.sensorId, reading);
    else if (fault === 'late') yield send('late', madeLate(reading, uniformInt(random, HOUR_MILLIS, 72 * HOUR_MILLIS)));
    else yield send('plain', reading);
  }
  // The sensor sent nothing more that could have come before it.
  for (const reading of heldBack.values()) yield send('plain', reading);
}

function madeLate(reading: SimulatedReading, millis: number): SimulatedReading {
  const moment = parseIso8601(reading.timestamp);
  if (moment === undefined) return reading;
  return { ...reading, timestamp: formatTimestamp(Math.max(EARLIEST, moment.instant - millis)) };
}
