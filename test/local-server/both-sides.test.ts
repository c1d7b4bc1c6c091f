/** The same server suite over memory and over the AWS adapters, with moto behind. */
import { afterAll, beforeAll, describe } from '@jest/globals';
import { stackNames } from '../../core/stack-names.ts';
import { serverContract } from '../contracts/server-contract.ts';
import { contractPipeline } from '../contracts/server/fixture.ts';
import { engineEnvironment, startAwsServer } from '../support/aws-server.ts';
import { createStack } from '../support/emulated-stack.ts';
import { describeWithEngine } from '../support/engines.ts';
import { type Moto, MOTO_START_MILLIS, startMoto } from '../support/moto.ts';
import { startServer } from '../support/running-server.ts';

const settings = { pipeline: contractPipeline, allowSimulation: true };

describe('the server in memory', () => {
  serverContract('memory', () => startServer(settings));
});

describeWithEngine('moto_server', 'the server on the AWS adapters', (executable) => {
  const environment = { ...process.env };
  let moto: Moto;
  beforeAll(async () => {
    Object.assign(process.env, engineEnvironment);
    moto = await startMoto(executable);
    await createStack(stackNames('iot', '123456789012'), 2, moto.clientOptions);
  }, MOTO_START_MILLIS);
  afterAll(async () => {
    process.env = environment;
    await moto.stop();
  });

  serverContract('aws', () => startAwsServer({ endpoint: moto.url, ...settings }));
});
