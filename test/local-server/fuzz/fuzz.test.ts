/**
 * Anything may come in at the doors. The process lives, every answer is one that its client can read, and all that was
 * accepted is in the archive. `FUZZ_REQUESTS` says how many requests there are (2,500), `FUZZ_SEED` where it
 * begins.
 */
import { decode } from 'cborg';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { exchange, parseAnswer, type RawAnswer } from '../../support/raw-http.ts';
import { type ServerProcess, startServerProcess } from '../../support/server-process.ts';
import { fuzzRequest } from './requests.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 2_500);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_126);

let server: ServerProcess;
beforeAll(async () => {
  server = await startServerProcess(['--log-level', 'error'], { nodeFlags: ['--max-old-space-size=256'] });
}, 60_000);
afterAll(() => void server.child.kill('SIGKILL'));

/** `shard/number` of each record that a door said is taken. */
const accepted = new Set<string>();
const statuses = new Map<number, number>();

test(
  'whatever comes in, the server answers in words, lives, and loses nothing that it accepted',
  async () => {
    const port = Number(new URL(server.url).port);
    await fc.assert(
      fc.asyncProperty(fuzzRequest, async (request) => {
        const answer = parseAnswer(await exchange(port, request));
        if (answer === undefined) {
          expect(request.whole).toBe(false);
          return;
        }
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        checkAnswer(answer, isHead(request.bytes));
        collectAccepted(answer);
        expect(server.child.exitCode).toBeNull();
      }),
      {
        seed: SEED,
        numRuns: REQUESTS,
        // Some faults need the requests before: then a smaller request shows nothing.
        timeout: 20_000,
      },
    );

    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await eventually(async () => {
      const { mappings } = (await (await fetch(`${server.url}/pipeline`)).json()) as {
        mappings: readonly { shards: readonly { recordsBehind: number | null }[] }[];
      };
      return mappings.every(({ shards }) => shards.every(({ recordsBehind }) => recordsBehind === 0));
    });
    const archived = await archivedRecords();
    expect([...accepted].filter((record) => !archived.has(record))).toEqual([]);
    expect(server.printed.err.slice(0, 2_000)).toBe('');
    // Or nothing was tried.
    expect(accepted.size).toBeGreaterThan(20);
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 202, 400, 404, 405, 415, 422]));
  },
  REQUESTS * 50 + 120_000,
);

/** Times carry the tag 1. */
function decodeCbor(body: Uint8Array): unknown {
  return decode(body, { tags: { 1: (content) => content() } });
}

function isHead(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'HEAD ';
}

/** An error is a problem document, or an error of the AWS protocol that was spoken. A 500 is a fault of ours. */
function checkAnswer({ status, headers, body }: RawAnswer, isHeadRequest: boolean): void {
  if (status < 400) return;
  expect([400, 403, 404, 405, 408, 411, 413, 414, 415, 417, 421, 422, 426, 429, 431, 501]).toContain(status);
  if (isHeadRequest) return;
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('application/problem+json')) {
    const problem = JSON.parse(body.toString()) as { status?: number; detail?: string; title?: string };
    expect(problem).toMatchObject({ status, title: expect.any(String), detail: expect.stringMatching(/\w/) });
    return;
  }
  if (type.startsWith('application/x-amz-cbor') || type === 'application/cbor') {
    expect(decodeCbor(body)).toMatchObject({ __type: expect.any(String) });
    return;
  }
  if (type.includes('xml')) {
    expect(body.toString()).toContain('<Code>');
    return;
  }
  expect(type).toMatch(/^application\/(x-amz-)?json/);
  const error = JSON.parse(body.toString()) as { __type?: string; message?: string; Message?: string; Type?: string };
  expect(error.__type ?? error.Type ?? headers.get('x-amzn-errortype')).toMatch(/\w/);
  expect(error.message ?? error.Message).toEqual(expect.any(String));
}

interface Taken {
  readonly shardId?: string;
  readonly sequenceNumber?: string;
  readonly ShardId?: string;
  readonly SequenceNumber?: string;
}

function collectAccepted({ status, headers, body }: RawAnswer): void {
  if (status !== 200 && status !== 202) return;
  const type = headers.get('content-type') ?? '';
  if (!/json|cbor/.test(type) || body.length === 0) return;
  const reply = (type.includes('cbor') ? decodeCbor(body) : JSON.parse(body.toString())) as
    | (Taken & {
        readonly records?: readonly Taken[];
        readonly Records?: readonly Taken[];
        readonly NextShardIterator?: string;
      })
    | null;
  if (reply === null || typeof reply !== 'object' || reply.NextShardIterator !== undefined) return;
  if (reply.SequenceNumber !== undefined) accepted.add(`${reply.ShardId}/${reply.SequenceNumber}`);
  for (const each of [...(status === 202 ? (reply.records ?? []) : []), ...(reply.Records ?? [])]) {
    const number = each.sequenceNumber ?? each.SequenceNumber;
    if (number !== undefined) accepted.add(`${each.shardId ?? each.ShardId}/${number}`);
  }
}

async function archivedRecords(): Promise<ReadonlySet<string>> {
  const records = new Set<string>();
  for (let after = ''; ;) {
    const query = new URLSearchParams({ limit: '1000', ...(after !== '' && { after }) });
    const response = await fetch(`${server.url}/archive?${query.toString()}`);
    const { objects, more } = (await response.json()) as { objects: readonly { key: string }[]; more: boolean };
    for (const { key } of objects) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      for (const line of (await (await fetch(`${server.url}/archive/${path}`)).text()).split('\n')) {
        if (line === '') continue;
        const { shardId, sequenceNumber } = JSON.parse(line) as { shardId: string; sequenceNumber: string };
        records.add(`${shardId}/${sequenceNumber}`);
      }
    }
    if (!more) return records;
    after = objects.at(-1)!.key;
  }
}
