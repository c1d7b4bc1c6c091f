/** The app that `cdktf` runs: writes what Terraform is to do. The functions must be built before (`npm run build`). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'cdktf';
import { InvalidConfiguration } from '../handlers/config.ts';
import { runCommand } from './command.ts';
import { readConfig } from './config.ts';
import { IotStack } from './iot-stack.ts';
import { readStage } from './stages.ts';

/** Where the bundles are, if not where the build leaves them. */
const bundles = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url));

await runCommand(() => {
  const config = readConfig(process.env, readStage);
  if (!existsSync(join(bundles, 'archive-events'))) {
    throw new InvalidConfiguration('the functions are not built: npm run build');
  }
  const app = new App();
  new IotStack(app, { config, bundles });
  app.synth();
});
