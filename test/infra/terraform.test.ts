import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithEngine } from '../support/engines.ts';
import { synthesiseInto } from '../support/synthesised.ts';
import { run, terraformEnvironment } from '../support/terraform.ts';

/** The provider takes some seconds to start. */
const PATIENCE = 120_000;

describeWithEngine('terraform', 'Terraform, with the real provider', (terraform) => {
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'validate-'));
    env = await terraformEnvironment(folder);
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['as it comes', {}],
    [
      'with everything set',
      {
        IOT_STACK: 'prod',
        IOT_CAPACITY: 'on-demand',
        IOT_TTL_DAYS: '90',
        IOT_ARCHIVE_DAYS: '400',
        IOT_ALARM_EMAIL: 'ops@example.org',
        IOT_CLIENT_USER: 'false',
        IOT_ADOPT_ARCHIVE: 'true',
        IOT_STATE_BUCKET: 'state-of-things',
        IOT_ENDPOINT: 'http://127.0.0.1:5000',
      },
    ],
  ])(
    'finds the stack valid %s',
    async (title, settings) => {
      const place = join(folder, title.replaceAll(' ', '-'));
      synthesiseInto(place, settings);
      const cwd = join(place, 'out', 'stacks', 'IOT_STACK' in settings ? settings.IOT_STACK : 'iot');
      await run(terraform, ['init', '-backend=false', '-input=false', '-no-color'], { cwd, env });
      const { stdout } = await run(terraform, ['validate', '-json'], { cwd, env });
      expect(JSON.parse(stdout)).toMatchObject({ valid: true, error_count: 0, warning_count: 0 });
    },
    PATIENCE,
  );
});
