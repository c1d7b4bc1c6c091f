/** kinesalite with a stream of two shards, as the server has them; prints its address. */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { clientOptions } from '../../adapters/aws/client-options.ts';
import { engineCredentials } from '../../test/support/engine-server.ts';
import { createStream, startKinesalite } from '../../test/support/kinesalite.ts';
import { STREAM_NAME } from './readings.ts';

const { url } = await startKinesalite();
const client = new KinesisClient({ ...clientOptions({ endpoint: url }), ...engineCredentials });
await createStream(client, STREAM_NAME, 2);
client.destroy();
process.stdout.write(`${url}\n`);
