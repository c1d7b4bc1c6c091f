/**
 * dynalite with an empty table of readings, in a process of its own: its CPU and memory are not the client's. Prints its
 * address when the table is there. The name of the table is the only argument.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOptions } from '../../adapters/aws/client-options.ts';
import { createSensorDataTable, startDynalite } from '../../test/support/dynalite.ts';
import { engineCredentials } from '../../test/support/engine-server.ts';

const [tableName] = process.argv.slice(2);
if (tableName === undefined) throw new Error('Usage: dynalite-process.ts <table>');

const { url } = await startDynalite();
const client = new DynamoDBClient({ ...clientOptions({ endpoint: url }), ...engineCredentials });
await createSensorDataTable(client, tableName);
client.destroy();
process.stdout.write(`${url}\n`);
