/**
 * kinesalite, an emulator of Kinesis in plain Node: `npm test` speaks the real protocol with nothing installed. State is in
 * memory.
 *
 * Where kinesalite 3.3 is not Kinesis, and what that means for a suite:
 * - It speaks HTTP/1.1 only, and JSON 1.1 as the SDK does.
 * - It is of 2020: a request has at most 7 MiB of JSON, thus some 5 MiB of data, and AWS's limits of bytes per request
 *   and per key are not checked. The fault proxy checks them.
 * - It throttles nothing and no record of a PutRecords fails alone: the fault proxy does both.
 * - `MillisBehindLatest` is 0 also where records follow.
 * - GetShardIterator never answers where no record arrived at the timestamp or later, and refuses one in the future.
 * - A connection that breaks while a request comes in ends the whole process: only the proxy may be cut off.
 */
import kinesalite from 'kinesalite';
import { CreateStreamCommand, DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { type EngineServer, listen } from './engine-server.ts';
import { eventually } from './eventually.ts';

export function startKinesalite(): Promise<EngineServer> {
  return listen(kinesalite({ createStreamMs: 0, updateStreamMs: 0, shardLimit: 100 }));
}

export async function createStream(client: KinesisClient, streamName: string, shards: number): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shards }));
  await eventually(async () => {
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: streamName }),
    );
    return StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
  });
}
