/** The promises of the stream, kept over the real protocol: on kinesalite always, on moto where it is installed. */
import { jest } from '@jest/globals';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { clientOptions } from '../../../adapters/aws/client-options.ts';
import { KinesisEventStream } from '../../../adapters/aws/kinesis-event-stream.ts';
import { KinesisShardReader } from '../../../adapters/aws/kinesis-shard-reader.ts';
import { eventStreamContract, type EventStreamHarness } from '../../contracts/event-stream-contract.ts';
import { behindProxy, type EngineBehindProxy } from '../../support/engine-behind-proxy.ts';
import { engineCredentials } from '../../support/engine-server.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { calls } from '../../support/fault-proxy/actions.ts';
import { jsonOf } from '../../support/fault-proxy/answer.ts';
import type { Action } from '../../support/fault-proxy/fault-proxy.ts';
import { kinesisLimits } from '../../support/fault-proxy/kinesis-rules.ts';
import { createStream, startKinesalite } from '../../support/kinesalite.ts';
import { MOTO_START_MILLIS, startMoto } from '../../support/moto.ts';

const SHARDS = 4;

/** On an engine behind the proxy, which is stopped with the suite. */
async function harnessOn(engine: EngineBehindProxy): Promise<EventStreamHarness> {
  const client = new KinesisClient({
    ...clientOptions({ endpoint: engine.url, requestTimeoutMillis: 20_000 }),
    ...engineCredentials,
  });
  const streamName = 'events';
  await createStream(client, streamName, SHARDS);
  return {
    // An engine may take longer than the 100 ms that a last request has otherwise.
    stream: new KinesisEventStream({ client, streamName, leastCallMillis: 10_000 }),
    reader: new KinesisShardReader({ client, streamName }),
    close: async () => {
      client.destroy();
      await engine.close();
    },
  };
}

eventStreamContract('kinesis on kinesalite', async () =>
  harnessOn(await behindProxy(await startKinesalite(), kinesisLimits)),
);

/** In moto the last hash key of a shard belongs to none; the one before it lands where Kinesis puts the last. */
const mendLastHashKey: Action = (call, forward) => {
  const request = jsonOf(call) as { Records: { ExplicitHashKey?: string }[] };
  for (const record of request.Records) {
    const next = BigInt(record.ExplicitHashKey ?? 0) + 1n;
    if (next % (2n ** 128n / BigInt(SHARDS)) === 0n) record.ExplicitHashKey = (next - 2n).toString();
  }
  return forward(Buffer.from(JSON.stringify(request)));
};

describeWithEngine('moto_server', 'on moto', (executable) => {
  jest.setTimeout(MOTO_START_MILLIS);
  eventStreamContract('kinesis on moto', async () => {
    const moto = await startMoto(executable);
    const engine = await behindProxy({ url: moto.url, close: () => moto.stop() }, kinesisLimits);
    engine.proxy.rules = [{ matches: calls('kinesis', 'PutRecords'), action: mendLastHashKey }];
    return harnessOn(engine);
  });
});
