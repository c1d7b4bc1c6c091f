import { expect, test } from '@jest/globals';
import { GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { kinesisClient } from '../../../adapters/aws/kinesis-client.ts';
import { ServiceClock } from '../../../adapters/aws/service-clock.ts';

const start = Date.UTC(2026, 0, 15, 12);
const dateAt = (millis: number) => new Date(millis).toUTCString();

test('the time of the service counts, however wrong the machine is', () => {
  let passed = 0;
  const clock = new ServiceClock(start, () => passed);
  expect(clock.stamp()).toBe(start);
  const there = start - 2 * 86_400_000;
  clock.heed(dateAt(there));
  expect(Math.abs(clock.stamp() - there)).toBeLessThanOrEqual(1_000);
  passed += 60_000;
  expect(Math.abs(clock.now() - clock.momentOf(there) - 60_000)).toBeLessThanOrEqual(1_000);
});

test('answers within a second of each other do not move it, nor does a date that is none', () => {
  let passed = 0;
  const clock = new ServiceClock(start, () => passed);
  clock.heed(dateAt(start - 3_600_000));
  const shown = clock.stamp();
  for (const millis of [100, 900, 1_700]) {
    passed = millis;
    clock.heed(dateAt(start - 3_600_000 + millis));
    clock.heed('yesterday');
    expect(clock.stamp()).toBe(shown + millis);
  }
});

test('it reads the answers of a Kinesis client', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('date', dateAt(start - 86_400_000)).setHeader('content-type', 'application/x-amz-json-1.1');
    response.end('{"ShardIterator":"i"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const client = kinesisClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${port}` });
  const clock = new ServiceClock(start);
  clock.follow(client);
  await client.send(new GetShardIteratorCommand({ StreamName: 's', ShardId: 's', ShardIteratorType: 'LATEST' }));
  expect(Math.abs(clock.stamp() - (start - 86_400_000))).toBeLessThan(60_000);
  client.destroy();
  server.close();
});
