import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { transport } from '../../../../local-server/http/transport.ts';
import { kinesisClient, KinesisSender } from '../../../../local-server/simulator/senders/kinesis.ts';
import { VirtualTimer } from '../virtual-timer.ts';

interface PutRecords {
  readonly StreamName: string;
  readonly Records: readonly { readonly Data: string; readonly PartitionKey: string }[];
}
const never = new AbortController().signal;
const message = (key: string) => ({ partitionKey: key, data: Buffer.from(`data of ${key}`) });

let app: FastifyInstance;
let url: string;
let requests: PutRecords[];
/** What becomes of a record: an error code, or nothing if it is taken. */
let verdict: (key: string, request: number) => string | undefined;
let failure: ((request: number) => { status: number; type: string } | undefined) | undefined;
let retries: number;

beforeEach(async () => {
  requests = [];
  verdict = () => undefined;
  failure = undefined;
  retries = 0;
  app = Fastify({ serverFactory: transport({ log: pino({ level: 'silent' }) }) });
  app.addContentTypeParser('application/x-amz-json-1.1', { parseAs: 'string' }, (_request, body, done) =>
    done(null, JSON.parse(String(body))),
  );
  app.post<{ Body: PutRecords }>('/', (request, reply) => {
    requests.push(request.body);
    const failed = failure?.(requests.length);
    if (failed !== undefined) return reply.code(failed.status).send({ __type: failed.type, message: 'because' });
    return reply.send({
      Records: request.body.Records.map(({ PartitionKey }) => {
        const code = verdict(PartitionKey, requests.length);
        return code === undefined
          ? { ShardId: 'shard-1', SequenceNumber: `${requests.length}00` }
          : { ErrorCode: code, ErrorMessage: 'slow down' };
      }),
    });
  });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
});

function sender(timer = new VirtualTimer()) {
  const retry = { tries: 3, baseMillis: 100, capMillis: 1_000, timer, random: () => 1, onRetry: () => retries++ };
  return new KinesisSender(kinesisClient({ url }), 'readings', retry);
}
const keysOf = (request: PutRecords) => request.Records.map(({ PartitionKey }) => PartitionKey);

describe('sending by Kinesis', () => {
  test('puts any bytes under the id of the device', async () => {
    const bytes = Buffer.from([0, 0xff, 0x0a]);
    const outcomes = await sender().send([{ partitionKey: 'Küche', data: bytes }], never);
    expect(requests).toEqual([
      { StreamName: 'readings', Records: [{ PartitionKey: 'Küche', Data: bytes.toString('base64') }] },
    ]);
    expect(outcomes).toEqual([{ accepted: true, shardId: 'shard-1', sequenceNumber: '100' }]);
  });

  test('sends again only the records that failed, and answers in the order given', async () => {
    verdict = (key, request) =>
      (request === 1 && key !== 'b') || (request === 2 && key === 'c')
        ? 'ProvisionedThroughputExceededException'
        : undefined;
    const outcomes = await sender().send(['a', 'b', 'c'].map(message), never);
    expect(requests.map(keysOf)).toEqual([['a', 'b', 'c'], ['a', 'c'], ['c']]);
    expect(outcomes).toMatchObject([{ sequenceNumber: '200' }, { sequenceNumber: '100' }, { sequenceNumber: '300' }]);
    expect(retries).toBe(2);
  });

  test('goes on for as long as something gets through', async () => {
    // One record a request: with three tries in a row without progress it would be over.
    verdict = (key, request) => (Number(key) < request ? undefined : 'InternalFailure');
    await sender().send(['0', '1', '2', '3', '4', '5'].map(message), never);
    expect(retries).toBe(5);
  });

  test('gives up when nothing gets through, and says what the stream said', async () => {
    verdict = () => 'ProvisionedThroughputExceededException';
    await expect(sender().send([message('a')], never)).rejects.toThrow(
      'gave up after 3 tries: PutRecords to readings: ProvisionedThroughputExceededException slow down',
    );
  });

  test.each([
    [500, 'InternalFailureException'],
    [400, 'ProvisionedThroughputExceededException'],
  ])('tries again after %d %s', async (status, type) => {
    failure = (request) => (request === 1 ? { status, type } : undefined);
    expect(await sender().send([message('a')], never)).toMatchObject([{ accepted: true }]);
    expect(retries).toBe(1);
  });

  test('does not try again where there is no such stream', async () => {
    failure = () => ({ status: 400, type: 'ResourceNotFoundException' });
    await expect(sender().send([message('a')], never)).rejects.toThrow('PutRecords to readings: because');
    expect(requests).toHaveLength(1);
  });

  test('gives up on a server that is gone', async () => {
    await app.close();
    await expect(sender().send([message('a')], never)).rejects.toThrow(/gave up after 3 tries: .*ECONNREFUSED/);
  });
});
