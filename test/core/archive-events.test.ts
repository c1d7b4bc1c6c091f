import { beforeEach, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { MemoryEventArchive } from '../../adapters/memory/memory-event-archive.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { type ArchivedBatch, ArchiveEvents } from '../../core/archive-events.ts';
import { type ArchiveLine, parseArchiveLine } from '../../core/archive-line.ts';
import { KeyTaken, StoreUnavailable } from '../../core/errors.ts';
import type { CallOptions, EventArchive, StreamRecord } from '../../core/ports.ts';
import { faultyArchive } from '../support/faulty-ports.ts';
import { bytesOf, records, sequenceNumber, streamRecord } from '../support/record-factory.ts';
import { Tape } from '../support/tape.ts';

const compression = new NodeCompression();
let archive: MemoryEventArchive;
let useCase: ArchiveEvents;

beforeEach(() => {
  archive = new MemoryEventArchive();
  useCase = new ArchiveEvents(archive, compression);
});

async function keys(): Promise<string[]> {
  const { objects } = await archive.list({ limit: 1_000 });
  return objects.map(({ key }) => key);
}

async function archived(batch: readonly StreamRecord[]): Promise<ArchivedBatch> {
  const outcome = await useCase.archive(batch);
  if (outcome === undefined) throw new Error('nothing was archived');
  return outcome;
}

async function linesOf(key: string): Promise<ArchiveLine[]> {
  const body = await archive.get(key);
  if (body === undefined) throw new Error(`no object ${key}`);
  const text = Buffer.from(await compression.decompress(body)).toString();
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n').map(parseArchiveLine);
}

/** What everyone does who reads the archive: all objects, and a record that came before is dropped. */
async function readBack(): Promise<ArchiveLine[]> {
  const seen = new Map<string, ArchiveLine>();
  for (const key of await keys()) {
    for (const line of await linesOf(key)) seen.set(`${line.shardId} ${line.sequenceNumber}`, line);
  }
  return [...seen.values()];
}

const first = sequenceNumber(1);

describe('one object per batch', () => {
  test('is named by the day of arrival and both ends, and holds a line per record, in order', async () => {
    const { key } = await archived(records(3));

    expect(key).toBe(`2026-01-15/${first}-${sequenceNumber(3)}.shardId-000000000000.ndjson.gz`);
    expect(await keys()).toEqual([key]);
    expect(await linesOf(key)).toEqual(
      [1, 2, 3].map((n) => ({
        sequenceNumber: sequenceNumber(n),
        shardId: 'shardId-000000000000',
        partitionKey: 'kitchen',
        arrivedAt: '2026-01-15T12:00:00.000Z',
        data: { sensorid: 'kitchen', value: 21.5 },
      })),
    );
  });

  test('has one number in its name for a single record', async () => {
    expect(await archived(records(1))).toEqual({
      key: `2026-01-15/${first}.shardId-000000000000.ndjson.gz`,
      taken: [],
    });
  });

  test('an empty batch writes no object and is no failure', async () => {
    expect(await useCase.archive([])).toBeUndefined();
    expect(await keys()).toEqual([]);
  });

  test.each([26, 500, 10_000])('a batch of %d records is whole', async (count) => {
    const { key } = await archived(records(count));

    const lines = await linesOf(key);
    expect(lines.map((line) => line.sequenceNumber)).toEqual(records(count).map((record) => record.sequenceNumber));
  });
});

describe('everything is archived, reading or not', () => {
  test.each([
    ['no sensor id', { value: 1 }],
    ['a numeric string', { sensorid: 'a', value: '22.0' }],
    ['a value that is no number', { sensorid: 'a', value: 'abc' }],
    ['null for a value', { sensorid: 'a', value: null }],
    ['null', null],
    ['a bad date', { sensorid: 'a', value: 1, timestamp: '2026-02-30T00:00:00Z' }],
    ['°C and Küche', { sensorid: 'Küche', value: 21.5, unit: '°C' }],
  ])('%s is kept as the JSON that came', async (_, json) => {
    const { key } = await archived([streamRecord({ data: bytesOf(json) })]);

    expect(await linesOf(key)).toMatchObject([{ data: json }]);
  });

  test.each([
    ['what is not JSON', bytesOf('22.5 °C in the Küche')],
    ['what is no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00)],
    ['nothing at all', new Uint8Array()],
  ])('%s is kept byte by byte', async (_, data) => {
    const { key } = await archived([streamRecord({ data })]);

    const [line] = await linesOf(key);
    expect(line?.data).toBeUndefined();
    expect(Buffer.from(line!.raw!, 'base64')).toEqual(Buffer.from(data));
  });

  test('°C and Küche are kept in partition keys', async () => {
    const { key } = await archived([streamRecord({ partitionKey: 'Küche °C' })]);

    expect(await linesOf(key)).toMatchObject([{ partitionKey: 'Küche °C' }]);
  });
});

describe('archiving twice', () => {
  test('a retry of the same batch gives the same key and the same object, also for a batch across midnight', async () => {
    const midnight = Date.UTC(2026, 0, 16);
    const batch = [
      streamRecord({ sequenceNumber: sequenceNumber(1), arrivedAt: midnight - 1 }),
      streamRecord({ sequenceNumber: sequenceNumber(2), arrivedAt: midnight }),
    ];

    const { key } = await archived(batch);
    const body = await archive.get(key);
    expect(await archived(batch)).toEqual({ key, taken: [] });

    expect(key).toMatch(/^2026-01-15\//); // The day on which the first record arrived.
    expect(await keys()).toEqual([key]);
    expect(await archive.get(key)).toEqual(body);
  });

  test('a retry with other batch bounds leaves the longer object untouched, and a reader sees every record once', async () => {
    const batch = records(8);
    const { key: whole } = await archived(batch);
    const body = await archive.get(whole);

    // Bisected, with the left half bisected again, down to one record.
    for (const [start, end] of [
      [0, 1],
      [1, 2],
      [2, 4],
      [4, 8],
    ]) {
      await useCase.archive(batch.slice(start, end));
    }
    // And then the rest of the batch together with what came behind it.
    await useCase.archive(records(12).slice(4));

    expect(await archive.get(whole)).toEqual(body);
    expect(await keys()).toHaveLength(6);
    expect((await readBack()).map((line) => line.sequenceNumber).sort()).toEqual(
      records(12).map((record) => record.sequenceNumber),
    );
  });
});

describe('a key that other records have', () => {
  const anew = records(2).map((record) => ({ ...record, data: bytesOf('of a stream made anew') }));

  test('is left as it is: the batch goes under the next copy, and a retry finds it there', async () => {
    const { key } = await archived(records(2));
    const body = await archive.get(key);
    for (const batch of [anew, anew]) {
      const second = await archived(batch);
      expect(second).toEqual({
        key: `2026-01-15/${first}-${sequenceNumber(2)}_2.shardId-000000000000.ndjson.gz`,
        taken: [key],
      });
      expect((await linesOf(second.key)).map(({ raw }) => Buffer.from(raw!, 'base64').toString())).toEqual([
        'of a stream made anew',
        'of a stream made anew',
      ]);
    }
    expect(await archive.get(key)).toEqual(body);
    expect(await keys()).toHaveLength(2);
  });

  test('is the same object where the same lines were packed in another way', async () => {
    const { key } = await archived(records(2));
    const packed = gzipSync(await compression.decompress((await archive.get(key))!), { level: 1 });
    archive = new MemoryEventArchive();
    await archive.put(key, packed);
    expect(await new ArchiveEvents(archive, compression).archive(records(2))).toEqual({ key, taken: [] });
  });

  test('may hold what is no gzip', async () => {
    const { key } = await archived(records(2));
    archive = new MemoryEventArchive();
    await archive.put(key, bytesOf('notes'));
    expect(await new ArchiveEvents(archive, compression).archive(records(2))).toMatchObject({ taken: [key] });
  });

  test('is told after a hundred copies, and the batch is to be retried', async () => {
    const refusing: EventArchive = {
      put: async (key) => Promise.reject(new KeyTaken('archive', key, bytesOf('other'))),
      list: (options) => archive.list(options),
      get: (key) => archive.get(key),
    };
    await expect(new ArchiveEvents(refusing, compression).archive(records(2))).rejects.toThrow(StoreUnavailable);
  });

  test('is none of another shard', async () => {
    await archived([streamRecord({ sequenceNumber: '1', shardId: 'shardId-000000000000' })]);
    const other = await archived([streamRecord({ sequenceNumber: '1', shardId: 'shardId-000000000001' })]);
    expect(other.taken).toEqual([]);
    expect(await keys()).toHaveLength(2);
  });

  test('cannot be made of a shard that no stream can have', async () => {
    const forged = [streamRecord({ shardId: '../../etc' })];
    await expect(useCase.archive(forged)).rejects.toThrow('shardId: is ../../etc');
  });
});

describe('an archive that does not take the object', () => {
  test('is told to the caller, who can retry', async () => {
    const failing = new ArchiveEvents(faultyArchive(archive, new Tape([1])), compression);

    await expect(failing.archive(records(2))).rejects.toThrow(StoreUnavailable);
    expect(await failing.archive(records(2))).toEqual({ key: (await keys())[0], taken: [] });
  });

  test('is given the time that is left', async () => {
    const inFiveMillis = { remainingMillis: () => 5 };
    const seen: (CallOptions | undefined)[] = [];
    const watched: EventArchive = {
      put: async (_key, _body, options) => void seen.push(options),
      list: (options) => archive.list(options),
      get: (key) => archive.get(key),
    };

    await new ArchiveEvents(watched, compression).archive(records(2), inFiveMillis);

    expect(seen).toEqual([inFiveMillis]);
  });
});
