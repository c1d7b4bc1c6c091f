import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HttpSender } from '../../../../local-server/simulator/senders/http.ts';
import { Interrupted, type Outcome } from '../../../../local-server/simulator/senders/sender.ts';
import { splitLines, StubServer } from '../stub-server.ts';
import { VirtualTimer } from '../virtual-timer.ts';

const never = new AbortController().signal;
const good = (sensorid: string) => message(sensorid, `{"sensorid":"${sensorid}","value":1}`);
const message = (partitionKey: string, data: string | Buffer) => ({ partitionKey, data: Buffer.from(data) });

let server: StubServer;
let retries: number;
beforeEach(async () => {
  retries = 0;
  server = new StubServer();
  await server.start();
});
afterEach(() => server.stop());

function sender({ timer = new VirtualTimer(), tries = 5, url = server.url } = {}) {
  const retry = { tries, baseMillis: 100, capMillis: 1_000, timer, random: () => 0.5, onRetry: () => retries++ };
  return new HttpSender({ url }, retry);
}
const verdicts = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (outcome.accepted ? 'taken' : outcome.reason));

describe('sending over HTTP', () => {
  test('puts a payload per line, its bytes as they are', async () => {
    const bytes = Buffer.from([0xb0, 0xff, 0x22]);
    await sender().send([good('a'), message('b', bytes)], never);
    expect(splitLines(server.bodies[0]!)[1]).toEqual(bytes);
  });

  test('gives each payload its own answer', async () => {
    const outcomes = await sender().send([message('x', 'no'), good('a'), message('y', '{}'), good('b')], never);
    expect(outcomes.map(({ accepted }) => accepted)).toEqual([false, true, false, true]);
    expect(outcomes[0]).toMatchObject({ reason: 'body must be JSON, but is no' });
    expect(outcomes[1]).toMatchObject({ shardId: 'shard-0', sequenceNumber: String(10n ** 55n) });
    expect(outcomes[3]).toMatchObject({ sequenceNumber: String(10n ** 55n + 1n) });
  });

  test('takes a 422 for an answer like any other: nothing of this was a reading', async () => {
    expect(verdicts(await sender().send([message('x', 'no')], never))).toEqual(['body must be JSON, but is no']);
  });

  test.each([503, 429])('tries again after %d, waiting longer each time', async (status) => {
    server.refusals.push({ status }, { status }, { status });
    const timer = new VirtualTimer();
    expect(verdicts(await sender({ timer }).send([good('a')], never))).toEqual(['taken']);
    expect(retries).toBe(3);
    expect(timer.slept).toEqual([100, 200, 400]);
  });

  test('sends again only what the stream did not take this time', async () => {
    const rejected = [{ index: 1, reason: 'throttled', reasons: [] }];
    const records = [{ sequenceNumber: '7', shardId: 's' }];
    server.refusals.push({ status: 202, body: { accepted: 1, rejected, records } });
    const outcomes = await sender().send([good('a'), good('b')], never);
    expect(outcomes[0]).toEqual({ accepted: true, sequenceNumber: '7', shardId: 's' });
    expect(verdicts(outcomes)).toEqual(['taken', 'taken']);
    expect(server.bodies.map((body) => splitLines(body).length)).toEqual([2, 1]);
  });

  test('knows what was accepted where the server lists only some of what it rejected', async () => {
    const rejected = [{ index: 0, reason: 'no number', reasons: [{}] }];
    const records = [{ index: 2, sequenceNumber: '7', shardId: 's' }];
    server.refusals.push({ status: 202, body: { accepted: 1, rejectedCount: 3, rejected, records } });
    const outcomes = await sender().send([good('a'), good('b'), good('c'), good('d')], never);
    expect(outcomes.map(({ accepted }) => accepted)).toEqual([false, false, true, false]);
  });

  test('gives up on a server that is gone, and says where it was', async () => {
    const url = server.url;
    await server.stop();
    await expect(sender({ url }).send([good('a')], never)).rejects.toThrow(
      /^gave up after 5 tries: http:.*\/readings: connect ECONNREFUSED/,
    );
    expect(retries).toBe(4);
  });

  test.each([
    ['413', { status: 413, body: { title: 'Payload Too Large' } }, /answered 413: .*Payload Too Large/],
    ['a 202 that does not answer for all', { status: 202, body: { rejected: [], records: [] } }, /answered 202/],
    ['a 422 without the list', { status: 422, body: { title: 'Unprocessable' } }, /answered 422/],
  ])('does not try again after %s', async (_, refusal, message) => {
    server.refusals.push(refusal);
    await expect(sender().send([good('a')], never)).rejects.toThrow(message);
    expect(server.bodies).toHaveLength(1);
  });

  test('stops waiting for another try when the run is stopped', async () => {
    const stop = new AbortController();
    server.refusals.push({ status: 503 });
    const timer = new VirtualTimer(() => stop.abort());
    await expect(sender({ timer }).send([good('a')], stop.signal)).rejects.toThrow(Interrupted);
    expect(server.bodies).toHaveLength(1);
  });
});
