/** A server in a process with a small heap is given more than it can hold, and lives. */
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { KinesisClient, PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { eventually } from '../support/eventually.ts';
import { startServer } from '../support/running-server.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

let server: ServerProcess | undefined;
afterEach(() => void server?.child.kill('SIGKILL'));

/** The young generation is small too, so that the process is what its stores are. */
const nodeFlags = ['--max-old-space-size=128', '--max-semi-space-size=8'];
const MEMORY_MIB = 32;
/** Without its stores, a server that works takes some 150 MiB. */
const MOST_RSS = 290 * 1_048_576;

interface PipelineReply {
  readonly mappings: readonly { readonly shards: readonly { readonly recordsBehind: number | null }[] }[];
  readonly memory: {
    readonly state: string;
    readonly usedBytes: number;
    readonly limitBytes: number;
    readonly refusedPuts: number;
    readonly trimmedBefore?: string;
    readonly stores: readonly { readonly store: string; readonly items: number; readonly trimmedItems: number }[];
  };
  readonly process: { readonly rssBytes: number };
  readonly problems: readonly { readonly what: string; readonly message: string }[];
}

interface Receipt {
  readonly accepted: number;
  readonly detail?: string;
  readonly stoppedAt?: number;
}

async function get<Reply>(path: string): Promise<Reply> {
  return (await (await fetch(`${server!.url}${path}`)).json()) as Reply;
}

const LINES = 2_000;
/** Numbered readings of 200 sensors, from `first` on. */
async function send(first: number): Promise<{ response: Response; receipt: Receipt }> {
  const lines = Array.from({ length: LINES }, (_, at) => {
    const n = first + at;
    return JSON.stringify({ sensorid: `sensor-${n % 200}`, value: n, timestamp: 1_790_000_000_000 + n });
  });
  const response = await fetch(`${server!.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  return { response, receipt: (await response.json()) as Receipt };
}

function isCaughtUp({ mappings }: PipelineReply): boolean {
  return mappings.every(({ shards }) => shards.every(({ recordsBehind }) => recordsBehind === 0));
}

function itemsOf({ memory }: PipelineReply, name: string): { items: number; trimmedItems: number } {
  return memory.stores.find(({ store }) => store === name)!;
}

describe('when the memory is full', () => {
  test('readings are refused at every door in words, and all that were accepted can be read', async () => {
    server = await startServerProcess(['--memory-mib', String(MEMORY_MIB)], { nodeFlags });
    let [accepted, sent] = [0, 0];
    const fill = async () => {
      for (;;) {
        const answer = await send(sent);
        sent += LINES;
        expect(sent).toBeLessThan(1_000_000);
        accepted += answer.receipt.accepted;
        if (answer.response.status !== 202) return answer;
      }
    };
    const refused = await fill();
    expect(refused.response.status).toBe(503);
    expect(refused.response.headers.get('retry-after')).toBe('10');
    expect(refused.response.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.receipt.detail).toContain('--memory-mib');
    expect(refused.receipt.stoppedAt).toBeLessThanOrEqual(LINES);

    const kinesis = new KinesisClient({
      ...{ endpoint: server.url, region: 'us-east-1', maxAttempts: 1 },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const record = { Data: Buffer.from('{"sensorid":"a","value":1}'), PartitionKey: 'a' };
    const StreamName = 'iot-SensorStream';
    // The consumers may have made some room meanwhile.
    let error: unknown;
    while (error === undefined) {
      await fill();
      await kinesis.send(new PutRecordCommand({ ...record, StreamName })).then(
        () => (accepted += 1),
        (thrown: unknown) => (error = thrown),
      );
    }
    expect(error).toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: expect.stringContaining('--memory-mib'),
      $metadata: { httpStatusCode: 400 },
    });
    const many = { Records: [record, record], StreamName };
    for (let refusedRecords = 0; refusedRecords === 0;) {
      await fill();
      const { FailedRecordCount = 0, Records = [] } = await kinesis.send(new PutRecordsCommand(many));
      refusedRecords = FailedRecordCount;
      accepted += many.Records.length - FailedRecordCount;
      if (refusedRecords > 0) expect(Records[0]?.ErrorCode).toBe('ProvisionedThroughputExceededException');
    }
    kinesis.destroy();

    expect((await fetch(`${server.url}/ready`)).status).toBe(503);
    let pipeline = await get<PipelineReply>('/pipeline');
    expect(pipeline.problems).toMatchObject([{ what: 'memory', message: expect.stringContaining('is full') }]);
    expect(pipeline.memory).toMatchObject({ state: 'full', limitBytes: MEMORY_MIB * 1_048_576 });
    expect(pipeline.memory.usedBytes).toBeLessThan(MEMORY_MIB * 1_048_576);
    expect(pipeline.process.rssBytes).toBeLessThan(MOST_RSS);

    await eventually(async () => isCaughtUp((pipeline = await get<PipelineReply>('/pipeline'))));
    expect(pipeline.memory.usedBytes).toBeGreaterThan(0.6 * MEMORY_MIB * 1_048_576);
    // What Kinesis took has no timestamp of its own, and may be of one millisecond: it is counted as it came.
    expect(itemsOf(pipeline, 'table').items).toBeGreaterThan(0.9 * accepted);
    expect(await archivedRecords()).toBe(accepted);
  }, 120_000);

  test('the oldest is dropped where that is wanted, and that is counted and told', async () => {
    server = await startServerProcess(['--memory-mib', String(MEMORY_MIB), '--on-full', 'trim'], { nodeFlags });
    let sent = 0;
    let rss = 0;
    for (; sent < 400_000; sent += LINES) {
      let answer = await send(sent);
      // While it drops it may refuse for a moment.
      while (answer.response.status === 503) answer = await send(sent);
      expect(answer.receipt.accepted).toBe(LINES);
      if (sent % 40_000 === 0) rss = Math.max(rss, (await get<PipelineReply>('/pipeline')).process.rssBytes);
    }
    expect(rss).toBeLessThan(MOST_RSS);
    let pipeline = await get<PipelineReply>('/pipeline');
    await eventually(async () => {
      pipeline = await get<PipelineReply>('/pipeline');
      const { items, trimmedItems } = itemsOf(pipeline, 'table');
      return items + trimmedItems === sent;
    });
    expect(itemsOf(pipeline, 'table').trimmedItems).toBeGreaterThan(100_000);
    expect(itemsOf(pipeline, 'archive').trimmedItems).toBeGreaterThan(0);
    expect(pipeline.memory.trimmedBefore).toMatch(/^20/);
    expect(pipeline.problems).toEqual([]);
    expect(server.printed.err).toMatch(/everything that arrived before \S+ was dropped: .* readings of the table/);
    const newest = await get<{ readings: readonly { value: number }[] }>(`/sensors/sensor-199/readings?limit=1`);
    expect(newest.readings).toMatchObject([{ value: sent - 1 }]);
  }, 120_000);
});

test('a stream that the archiver cannot read refuses, and takes again when it has caught up', async () => {
  const running = await startServer({ retentionMiB: 1, memoryMiB: 64 });
  const body = `{"sensorid":"a","value":1,"note":"${'x'.repeat(10_000)}"}`;
  const post = () =>
    fetch(`${running.url}/readings`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const fault = { method: 'POST', headers: { 'content-type': 'application/json' } };
  try {
    const injected = await fetch(`${running.url}/lab/faults`, {
      ...fault,
      body: '{"target":"archive","fault":"unavailable","seconds":600}',
    });
    expect(injected.status).toBe(201);
    let accepted = 0;
    for (; (await post()).status === 202; accepted += 1) expect(accepted).toBeLessThan(200);
    expect(accepted).toBeGreaterThan(80);
    const refusal = await post();
    expect(refusal.status).toBe(503);
    expect(await refusal.json()).toMatchObject({ detail: expect.stringContaining('--retention-mib') });
    await fetch(`${running.url}/lab/faults`, { method: 'DELETE' });
    await eventually(async () => (await post()).status === 202);
    await eventually(async () => (await fetch(`${running.url}/ready`)).status === 200);
    await running.caughtUp();
    const { objects } = await running.services.eventArchive.list({ limit: 1_000 });
    const bodies = await Promise.all(objects.map(({ key }) => running.services.eventArchive.get(key)));
    const lines = bodies.flatMap((gzip) => gunzipSync(gzip!).toString().trim().split('\n'));
    expect(lines).toHaveLength(accepted + 1);
  } finally {
    await running.close();
  }
}, 60_000);

async function archivedRecords(): Promise<number> {
  let [count, after] = [0, ''];
  for (;;) {
    const query = new URLSearchParams({ limit: '1000', ...(after !== '' && { after }) });
    const { objects, more } = await get<{ objects: readonly { key: string }[]; more: boolean }>(
      `/archive?${query.toString()}`,
    );
    for (const { key } of objects) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      count += (await (await fetch(`${server!.url}/archive/${path}`)).text()).trim().split('\n').length;
    }
    if (!more) return count;
    after = objects.at(-1)!.key;
  }
}
