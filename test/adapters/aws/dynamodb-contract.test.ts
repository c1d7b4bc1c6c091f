/** The promises of the table, kept over the real protocol: on dynalite always, on moto where it is installed. */
import { jest } from '@jest/globals';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientOptions } from '../../../adapters/aws/client-options.ts';
import { DynamoDbSensorData } from '../../../adapters/aws/dynamodb-sensor-data.ts';
import { SystemClock } from '../../../adapters/node/system-clock.ts';
import { sensorDataContract, type SensorDataHarness } from '../../contracts/sensor-data-contract.ts';
import { createSensorDataTable, sensorDataLimits, startDynalite } from '../../support/dynalite.ts';
import { behindProxy, type EngineBehindProxy } from '../../support/engine-behind-proxy.ts';
import { engineCredentials } from '../../support/engine-server.ts';
import { describeWithEngine } from '../../support/engines.ts';
import { MOTO_START_MILLIS, startMoto } from '../../support/moto.ts';

/** On an engine behind the proxy, which is stopped with the suite. */
async function harnessOn(engine: EngineBehindProxy): Promise<SensorDataHarness> {
  const client = new DynamoDBClient({
    ...clientOptions({ endpoint: engine.url, requestTimeoutMillis: 20_000 }),
    ...engineCredentials,
  });
  const tableName = 'SensorData';
  await createSensorDataTable(client, tableName);
  return {
    table: new DynamoDbSensorData({ client, tableName, clock: new SystemClock(), patienceMillis: 60_000 }),
    close: async () => {
      client.destroy();
      await engine.close();
    },
  };
}

sensorDataContract('dynamodb on dynalite', async () =>
  harnessOn(await behindProxy(await startDynalite(), [sensorDataLimits])),
);

describeWithEngine('moto_server', 'on moto', (executable) => {
  jest.setTimeout(MOTO_START_MILLIS);
  sensorDataContract('dynamodb on moto', async () => {
    const moto = await startMoto(executable);
    return harnessOn(await behindProxy({ url: moto.url, close: () => moto.stop() }, [sensorDataLimits]));
  });
});
