import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planPayloads } from '../../../local-server/simulator/faults.ts';
import { fleetReadings } from '../../../local-server/simulator/fleet.ts';
import { encodePayload, flaws, type PlannedPayload } from '../../../local-server/simulator/payload.ts';
import { parseReading } from '../../../core/reading.ts';

const start = Date.UTC(2026, 0, 15);
const stamps = { run: 'r', sentAt: start };

async function plan({ seed = 1, share = 0, devices = 10, rate = 10, count = 1_000 } = {}): Promise<PlannedPayload[]> {
  const payloads: PlannedPayload[] = [];
  for await (const payload of planPayloads(fleetReadings({ devices, rate, seed, start }), { seed, share })) {
    payloads.push(payload);
    if (payloads.length === count) break;
  }
  return payloads;
}
const bytesOf = (payloads: readonly PlannedPayload[]) =>
  Buffer.concat(payloads.map((payload) => encodePayload(payload, stamps)));
const ofKind = (payloads: readonly PlannedPayload[], kind: PlannedPayload['kind']) =>
  payloads.filter((payload) => payload.kind === kind);

describe('the plan of a run', () => {
  test('is the same to the byte for the same seed', async () => {
    const options = { seed: 42, share: 0.3 };
    expect(bytesOf(await plan(options)).equals(bytesOf(await plan(options)))).toBe(true);
  });

  test('is another for another seed', async () => {
    expect(bytesOf(await plan({ seed: 1 })).equals(bytesOf(await plan({ seed: 2 })))).toBe(false);
  });

  test('gives a shorter run the beginning of a longer one', async () => {
    const long = await plan({ share: 0.3, count: 500 });
    expect(await plan({ share: 0.3, count: 100 })).toEqual(long.slice(0, 100));
  });

  test('holds the share of faults that was asked for, each kind as often as the others', async () => {
    const payloads = await plan({ share: 0.2, count: 20_000, devices: 20 });
    for (const kind of ['bad', 'duplicate', 'late', 'out-of-order'] as const) {
      const share = ofKind(payloads, kind).length / payloads.length;
      expect(share).toBeGreaterThan(0.04);
      expect(share).toBeLessThan(0.06);
    }
  });

  test('has no faults unless asked', async () => {
    expect(ofKind(await plan(), 'plain')).toHaveLength(1_000);
  });

  test('keeps the values of the fleet whatever the share of faults', async () => {
    const valuesOf = async (share: number) =>
      new Map((await plan({ share, devices: 1, count: 100 })).map(({ reading }) => [reading.value, true]));
    const faulty = await valuesOf(0.5);
    const plain = await valuesOf(0);
    expect([...faulty.keys()].every((value) => plain.has(value))).toBe(true);
  });

  test('numbers readings without gaps, and every device in growing order', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (seed, share) => {
          const payloads = await plan({ seed, share, count: 200, devices: 3 });
          expect(payloads.map(({ index }) => index)).toEqual(payloads.map((_, index) => index));
          const numbered = payloads.flatMap((payload) =>
            payload.kind === 'bad' || payload.kind === 'duplicate' ? [] : [payload.n],
          );
          expect(numbered).toEqual(numbered.map((_, n) => n));
        },
      ),
      { numRuns: 30 },
    ));

  test('repeats in a duplicate what the sensor sent last', async () => {
    const last = new Map<string, string>();
    const duplicates = [];
    for (const payload of await plan({ share: 0.4 })) {
      const text = Buffer.from(encodePayload(payload, stamps)).toString();
      if (payload.kind === 'duplicate') duplicates.push([text, last.get(payload.reading.sensorId)]);
      else if (payload.kind !== 'bad') last.set(payload.reading.sensorId, text);
    }
    expect(duplicates.length).toBeGreaterThan(50);
    for (const [again, before] of duplicates) expect(again).toBe(before);
  });

  test('sends an out-of-order reading right behind the one of its sensor that comes after it', async () => {
    const payloads = await plan({ share: 0.4 });
    const outOfOrder = ofKind(payloads, 'out-of-order');
    expect(outOfOrder.length).toBeGreaterThan(50);
    for (const payload of outOfOrder) {
      const before = payloads[payload.index - 1]!.reading;
      expect(before.sensorId).toBe(payload.reading.sensorId);
      expect(before.timestamp > payload.reading.timestamp).toBe(true);
    }
  });

  test('dates a late reading hours or days back', async () => {
    const late = ofKind(await plan({ share: 0.4 }), 'late');
    expect(late.length).toBeGreaterThan(50);
    // The 1,000 readings of the run take 100 seconds.
    for (const { reading } of late) expect(Date.parse(reading.timestamp)).toBeLessThan(start + 100_000 - 3_600_000);
  });

  test('loses no reading of a source that ends, however many faults there are', async () => {
    const readings = Array.from({ length: 100 }, (_, value) => ({
      sensorId: `s${value % 3}`,
      value,
      timestamp: new Date(start + value).toISOString(),
    }));
    const sent = new Set<number | string>();
    for await (const payload of planPayloads(readings, { seed: 3, share: 0.9 })) {
      if (payload.kind !== 'bad') sent.add(payload.reading.value);
    }
    expect(sent.size).toBe(100);
  });

  test('never gives a device two readings of one millisecond, not even without a rate', async () => {
    for (const rate of [0, 50_000]) {
      const payloads = await plan({ rate, devices: 7 });
      expect(new Set(payloads.map(({ reading }) => `${reading.sensorId} ${reading.timestamp}`)).size).toBe(1_000);
    }
  });
});

describe('a payload', () => {
  const reading = { sensorId: 'Küche °C\n', value: 1, timestamp: '2026-01-15T00:00:00.000Z' };

  test('is a reading with the stamps of the run', () => {
    const bytes = encodePayload({ index: 9, kind: 'plain', n: 7, reading }, stamps);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      sensorid: 'Küche °C\n',
      value: 1,
      timestamp: '2026-01-15T00:00:00.000Z',
      sim: { run: 'r', n: 7, sentAt: start },
    });
  });

  test.each(flaws)('is no reading, yet one line, when it is bad: %s', (flaw) => {
    const bytes = encodePayload({ index: 0, kind: 'bad', flaw, reading: { ...reading, sensorId: 'Küche °C' } }, stamps);
    expect(parseReading(bytes, start).ok).toBe(false);
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.includes(10) || bytes.includes(13)).toBe(false);
  });
});
