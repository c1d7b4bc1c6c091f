/** What `docs/decoders.md` shows works as it says. */
import { expect, test } from '@jest/globals';
import { encode } from 'cborg';
import { readFile } from 'node:fs/promises';
import { MemoryMetrics } from '../adapters/memory/memory-metrics.ts';
import { MemoryQuarantine } from '../adapters/memory/memory-quarantine.ts';
import { MemorySensorData } from '../adapters/memory/memory-sensor-data.ts';
import { NodeCompression } from '../adapters/node/node-compression.ts';
import { StoreReadings } from '../core/store-readings.ts';
import { cbor } from './support/cbor-decoder.ts';
import { FixedClock } from './support/fixed-clock.ts';
import { noon, streamRecord } from './support/record-factory.ts';

test('the guide shows the decoder that is tested here', async () => {
  const guide = await readFile(new URL('../docs/decoders.md', import.meta.url), 'utf8');
  const decoder = await readFile(new URL('support/cbor-decoder.ts', import.meta.url), 'utf8');
  expect(guide).toContain(`\`\`\`ts\n${decoder}\`\`\``);
});

test('with it, records of CBOR are stored, and bytes that are cut go to the quarantine', async () => {
  const compression = new NodeCompression();
  const decoding = {
    decompressNow: (bytes: Uint8Array, maxBytes: number) => compression.decompressNow(bytes, maxBytes),
    decoders: [cbor],
  };
  const clock = new FixedClock(noon);
  const useCase = new StoreReadings(
    new MemorySensorData(),
    new MemoryMetrics(clock),
    new MemoryQuarantine(),
    clock,
    decoding,
  );
  const one = encode({ sensorid: 'a', value: 1 });
  const several = encode({ sensorid: 'b', temp: 20.5, hum: 40 });
  const cut = one.subarray(0, -3);

  const { stored, quarantined } = await useCase.store(
    [one, several, cut].map((data, at) => streamRecord({ data, sequenceNumber: String(at + 1) })),
  );

  expect(stored.map(({ sensorId, value }) => `${sensorId}=${value}`)).toEqual(['a=1', 'b.hum=40', 'b.temp=20.5']);
  expect(quarantined.map(({ reasons }) => reasons[0]?.rule)).toEqual(['must be CBOR']);
});
