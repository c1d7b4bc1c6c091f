import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Ledger } from '../../../local-server/simulator/ledger.ts';
import { verify } from '../../../local-server/simulator/verify.ts';
import { StubServer } from './stub-server.ts';
import { VirtualTimer } from './virtual-timer.ts';

const noon = Date.UTC(2026, 0, 15, 12);
let server: StubServer;
let ledger: Ledger;
let payloads: number;
beforeEach(async () => {
  payloads = 0;
  ledger = new Ledger();
  server = new StubServer();
  await server.start();
});
afterEach(() => server.stop());

/** The server takes these numbers of one device in one request; the ledger hears of it unless the answer is lost. */
function take(numbers: readonly number[], { answered = true, at = noon, run = 'r' } = {}) {
  const lines = numbers.map((n) => `{"sensorid":"a","value":${n},"sim":{"run":"${run}","n":${n}}}\n`);
  const { records = [] } = server.take(Buffer.from(lines.join('')), at);
  if (answered) for (const { shardId, sequenceNumber } of records) ledger.accept(shardId, sequenceNumber, payloads++);
}
function check({
  intendedDuplicates = 0,
  at = noon,
  timer = new VirtualTimer(),
  waits = [] as (readonly string[])[],
} = {}) {
  return verify({
    server: { url: server.url },
    run: 'r',
    ledger,
    from: at,
    to: at + 1_000,
    intendedDuplicates,
    timer,
    timeLimitMillis: 60_000,
    onWaiting: (behind) => waits.push(behind),
  });
}
const clean = { behind: [], lost: { count: 0, first: [] }, unannounced: 0, repeats: 0, duplicates: 0, outOfOrder: 0 };

describe('verifying a run', () => {
  test('finds every accepted record', async () => {
    take([0, 1, 2]);
    take([3]);
    take([0, 1], { run: 'another', answered: false });
    expect(await check()).toEqual({ ...clean, archived: 4 });
  });

  test('names the payloads that are not in the archive', async () => {
    take([0, 1]);
    take([2, 3]);
    take([4]);
    server.objects.delete([...server.objects.keys()][1]!);
    expect(await check()).toEqual({ ...clean, archived: 3, lost: { count: 2, first: [2, 3] } });
  });

  test('drops what overlapping objects repeat', async () => {
    take([0, 1, 2]);
    const [key, text] = [...server.objects][0]!;
    server.objects.set(key.replace(/-\d+\.ndjson/, '.ndjson'), `${text.split('\n')[0]!}\n`);
    expect(await check()).toEqual({ ...clean, archived: 3, repeats: 1 });
  });

  test('tells duplicates that were sent on purpose from others', async () => {
    take([0, 1, 1]);
    expect(await check({ intendedDuplicates: 1 })).toEqual({ ...clean, archived: 3 });
  });

  test('counts a retry between accepted requests as archived without an answer', async () => {
    take([0]);
    take([1, 2], { answered: false });
    take([1, 2]);
    expect(await check()).toEqual({ ...clean, archived: 3, unannounced: 2, duplicates: 2 });
  });

  test('counts readings that stand behind a later one of their device', async () => {
    take([0, 2, 1, 3]);
    expect(await check()).toEqual({ ...clean, archived: 4, outOfOrder: 1 });
  });

  test('reads objects in the order of their records, also where that is not the order of their keys', async () => {
    server.sequenceNumber = 8n; // As an emulator would count.
    take([0]);
    take([1, 2, 3]);
    take([4, 5]);
    expect([...server.objects.keys()].sort()).not.toEqual([...server.objects.keys()]);
    expect(await check()).toEqual({ ...clean, archived: 6 });
  });

  test('finds a record in an object that is filed under the day before', async () => {
    const midnight = Date.UTC(2026, 0, 15);
    take([0, 1], { at: midnight - 1 });
    expect(await check({ at: midnight })).toMatchObject({ archived: 2 });
  });

  test('reads a list of more than a page', async () => {
    for (let n = 0; n < 1_001; n++) take([n]);
    expect(await check()).toEqual({ ...clean, archived: 1_001 });
  });

  test('waits until the consumers have caught up', async () => {
    take([0]);
    server.behind.push(7, 2);
    const waits: (readonly string[])[] = [];
    expect(await check({ waits })).toMatchObject({ behind: [], archived: 1 });
    expect(waits).toEqual([['archive is 7 records behind in shard-0'], ['archive is 2 records behind in shard-0']]);
  });

  test('says what is behind when the time is up', async () => {
    take([0]);
    server.behind.push(...Array.from({ length: 1_000 }, () => 3));
    const timer = new VirtualTimer();
    expect(await check({ timer })).toMatchObject({ behind: ['archive is 3 records behind in shard-0'] });
    expect(timer.now()).toBe(60_000);
  });
});
