/** `GET /metrics` before Prometheus's own checker, which knows the format and the conventions for names. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { describeWithEngine } from '../../support/engines.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

describeWithEngine('promtool', 'the figures for Prometheus', (executable) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
    const body = JSON.stringify({ sensorid: 'a "quoted"\\ one', value: 1 });
    await fetch(`${server.url}/readings`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await server.caughtUp();
  });
  afterAll(() => server.close());

  const check = (input: string) => spawnSync(executable, ['check', 'metrics'], { input, encoding: 'utf8' });

  test('promtool finds nothing wrong with them', async () => {
    const { status, stderr } = check(await (await fetch(`${server.url}/metrics`)).text());
    expect([status, stderr]).toEqual([0, '']);
  });

  test('promtool finds a name that is wrong', () => {
    expect(check('# HELP aMetric x\n# TYPE aMetric counter\naMetric 1\n').status).toBe(3);
  });
});
