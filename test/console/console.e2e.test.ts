/** What a person does with the console, in a real browser, on a real server. Every wait is for something to be seen. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { pino } from 'pino';
import { buildApp } from '../../local-server/app.ts';
import { AccessToken } from '../../local-server/http/access-token.ts';
import { memoryContainer } from '../../local-server/memory-container.ts';
import { appServices } from '../../local-server/module.ts';
import { describeWithEngine } from '../support/engines.ts';
import { eventually } from '../support/eventually.ts';
import { pipeline, type RunningServer, startServer } from '../support/running-server.ts';

jest.setTimeout(120_000);

const LIMIT_MILLIS = 30_000;
type View = 'Devices' | 'History' | 'Stream' | 'Archive' | 'Quarantine' | 'Metrics' | 'Lab';
/** Passes connections on. After `silence` the event streams that are open pass nothing more, and look as if they were open. */
async function silentProxy(to: number) {
  const open = new Set<Socket>();
  const streams = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    client.on('data', (chunk) => chunk.toString('latin1').startsWith('GET /events') && streams.add(upstream));
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const upstream of streams) upstream.unpipe().pause();
    },
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** What Chromium logs about an answer that is no success: expected where a test provokes one. */
const failedRequest = 'Failed to load resource';

describeWithEngine(['chromium', 'chromium-browser', 'google-chrome'], 'the console', (executablePath) => {
  let browser: Browser;
  let server: RunningServer;
  let context: BrowserContext;
  let page: Page;
  /** Errors of scripts, of the security policy, of requests. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
        ...['--disable-component-update', '--disable-sync'],
      ],
    });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    server = await startServer();
    complaints = [];
    await openPage();
  });
  afterEach(async () => {
    await context.close();
    await server.close();
    expect(complaints).toEqual([]);
  });

  async function openPage(colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
    context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(LIMIT_MILLIS);
    page = await context.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
  }

  async function open(hash = ''): Promise<void> {
    await page.goto(`${server.url}/${hash}`);
    await page.locator('[data-connection=live]').waitFor();
  }

  async function goTo(view: View): Promise<void> {
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
    await page.getByRole('heading', { level: 2, name: view }).waitFor();
  }

  function forgiveFailedRequests(): void {
    complaints = complaints.filter((text) => !text.startsWith(failedRequest));
  }

  async function putReadings(readings: readonly object[]): Promise<void> {
    const response = await fetch(`${server.url}/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(readings),
    });
    expect(response.status).toBe(202);
    await server.caughtUp();
  }

  const series = (sensorid: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      sensorid,
      value: 20 + 5 * Math.sin(n / 8),
      timestamp: new Date(Date.now() - n * 60_000).toISOString(),
    }));

  async function startFleet(options: { rate: number; faults: number; seconds?: number }): Promise<void> {
    await goTo('Devices');
    const form = page.getByRole('form', { name: 'Simulated fleet' });
    await form.getByLabel('Devices').fill('20');
    await form.getByLabel('Readings per second').fill(String(options.rate));
    await form.getByLabel('Faults, %').fill(String(options.faults));
    await form.getByLabel('Sent by').selectOption({ label: 'Kinesis' });
    await form
      .getByLabel('Seconds', { exact: true })
      .fill(options.seconds === undefined ? '' : String(options.seconds));
    await form.getByRole('button', { name: 'Start' }).click();
    await page.locator('[data-fleet=running]').waitFor();
  }

  const score = async (name: string): Promise<number> => {
    const cell = page.locator('.scoreboard div', { has: page.getByText(name, { exact: true }) }).locator('dd');
    return Number((await cell.innerText()).replace(/\D/g, ''));
  };

  /** The run has ended, and every record of it is where it belongs or is missed. */
  async function fleetSettled(): Promise<void> {
    await page.locator('[data-fleet=stopped]').waitFor();
    await eventually(async () => (await score('Sent')) > 0 && (await score('On the way')) === 0);
  }

  const numberOf = async (consumer: Locator, name: string): Promise<number> =>
    Number(await consumer.locator(`[data-number="${name}"]`).getAttribute('data-value'));

  test('weighs less than 150 kB compressed', async () => {
    const paths = ['/', '/console.js', '/console-feed.js', '/console.css'];
    const bodies = await Promise.all(paths.map(async (path) => (await fetch(server.url + path)).arrayBuffer()));
    const bytes = bodies.reduce((sum, body) => sum + gzipSync(new Uint8Array(body)).length, 0);
    expect(bytes).toBeLessThan(150_000);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test('logs in with the token, by the form or the link, and out again', async () => {
    const own = await startServer({ token: new AccessToken('open-sesame-0123456789') });
    try {
      await page.goto(own.url);
      const form = page.getByRole('form', { name: 'Log in' });
      await form.getByLabel('Token').fill('guess');
      await form.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('not the token of this server').waitFor();
      forgiveFailedRequests();
      await form.getByLabel('Token').fill('open-sesame-0123456789');
      await form.getByRole('button', { name: 'Log in' }).click();
      await page.locator('[data-connection=live]').waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await form.waitFor();
      await page.goto('about:blank');
      await page.goto(`${own.url}/#token=open-sesame-0123456789`);
      await page.locator('[data-connection=live]').waitFor();
      expect(page.url()).not.toContain('sesame');
      await page.goBack();
      await page.goForward();
      expect(page.url()).not.toContain('sesame');
    } finally {
      await page.goto('about:blank');
      forgiveFailedRequests();
      await own.close();
    }
  });

  test('puts a reading, says when it is in the table, and shows it as history', async () => {
    await open();
    const form = page.getByRole('form', { name: 'Send a reading' });
    await form.getByLabel('Sensor').fill('cellar');
    await form.getByLabel('Value').fill('12.75');
    await form.getByRole('button', { name: 'Update' }).click();
    await page.getByText(/^In the table .* after it arrived\./).waitFor();
    await page.getByRole('link', { name: 'See its history' }).click();
    await page.getByRole('cell', { name: '12.75' }).waitFor();
    await goTo('Metrics');
    await page.getByRole('form').getByLabel('Sensor').fill('cellar');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('cell', { name: '12.75' }).first().waitFor();
    await goTo('Archive');
    await page.getByRole('link', { name: /ndjson/ }).click();
    await page.getByText('"sensorid":"cellar","value":"12.75"').waitFor();
  });

  test('says what is wrong with a value beside the value', async () => {
    await open();
    const value = page.getByRole('form', { name: 'Send a reading' }).getByLabel('Value');
    await value.fill('warm');
    await page.getByRole('button', { name: 'Update' }).click();
    await page.locator('.field-error').getByText('must be a finite number').waitFor();
    expect(await value.getAttribute('aria-invalid')).toBe('true');
    forgiveFailedRequests();
  });

  test('draws the history as a chart, zooms it, follows it, and gives it away as CSV', async () => {
    await putReadings(series('a', 60));
    await open('#/history?sensor=a');
    const chart = page.locator('.plot canvas');
    const inSeriesColour = `(() => {
      const canvas = document.querySelector('.plot canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 200 && Math.abs(data[i] - 0x0b) + Math.abs(data[i + 1] - 0x5c) + Math.abs(data[i + 2] - 0xad) < 24) count++;
      return count;
    })()`;
    await chart.waitFor();
    await eventually(async () => (await page.evaluate<number>(inSeriesColour)) > 500);

    const picture = () => page.evaluate<string>(`document.querySelector('.plot canvas').toDataURL()`);
    const whole = await picture();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await eventually(async () => (await picture()) !== whole);
    await page.getByRole('button', { name: 'Whole range' }).click();
    await eventually(async () => (await picture()) === whole);

    await putReadings([{ sensorid: 'a', value: 77.5, timestamp: new Date().toISOString() }]);
    await page.getByRole('cell', { name: '77.5', exact: true }).waitFor();
    await page.getByText('61 readings').waitFor();

    const rows = page.locator('tbody tr');
    const before = await rows.count();
    await page.getByRole('button', { name: 'Older' }).click();
    await eventually(async () => (await rows.count()) > before);

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV', exact: true }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\r\n');
    expect(lines).toHaveLength(62);
    expect(lines[0]).toBe('sensorid,timestamp,value');
    expect(lines[1]).toMatch(/^a,.*Z,77\.5$/);
  });

  test('shows a sensor id that is HTML as text, everywhere', async () => {
    const sensorid = '<img src=x onerror="document.title=1"><b>x';
    await putReadings([{ sensorid, value: 1 }]);
    await open();
    await page.getByRole('link', { name: sensorid }).click();
    await page.getByRole('heading', { level: 3, name: sensorid }).waitFor();
    await goTo('Archive');
    await page.getByRole('link', { name: /ndjson/ }).click();
    await page.getByText(JSON.stringify(sensorid)).waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
    expect(await page.title()).toContain('IoT backend');
  });

  test('runs a fleet with faults: nothing is lost, and the quarantine fills', async () => {
    await open();
    await startFleet({ rate: 300, faults: 30, seconds: 2 });
    await fleetSettled();
    await page.locator('[data-lost="0"]').waitFor();
    expect(await page.locator('.fleet-loss').innerText()).toContain('Fleet: all stored');
    await page.locator('.loss[data-verdict="all stored"]').waitFor();
    expect(await page.locator('.loss').innerText()).toMatch(/^✓ All stored [\d,]+ records accepted since /);
    expect(await score('Quarantined')).toBeGreaterThan(0);
    expect(await score('Duplicates dropped')).toBeGreaterThan(0);
    expect(await score('Archived')).toBe(await score('Sent'));
    await goTo('Quarantine');
    const first = page.locator('.quarantine > li').first();
    await first.waitFor();
    expect(await first.innerText()).toMatch(/must be|must have/);
  });

  test('says that readings are lost when the archive has lost them', async () => {
    const { eventArchive } = server.services;
    const put = eventArchive.put.bind(eventArchive);
    let dropped = 0;
    eventArchive.put = async (...given) => {
      if (dropped > 0) return put(...given);
      dropped += 1;
      return undefined;
    };
    await open();
    await startFleet({ rate: 100, faults: 0, seconds: 1 });
    await fleetSettled();
    await page.locator('.fleet-loss.bad').waitFor();
    expect(await page.locator('.fleet-loss').innerText()).toMatch(/[1-9]\d* readings? lost/);
    // Samples of all traffic are looked for in the archive.
    await page.locator('.loss.bad').waitFor();
    expect(await page.locator('.loss').innerText()).toMatch(/[1-9]\d* records? not in the archive, looked for twice/);
  });

  test('shows that a throttled table holds up its own consumer only, and that it recovers', async () => {
    await open();
    await startFleet({ rate: 50, faults: 0 });
    await goTo('Lab');
    await page.getByLabel('How long').selectOption({ label: 'until removed' });
    await page.getByRole('button', { name: 'Inject table: throttled' }).click();
    await page.getByRole('button', { name: 'Remove table: throttled' }).waitFor();
    await goTo('Stream');
    const archiver = page.locator('[data-mapping$=IoTS3EventProcessor]');
    const store = page.locator('[data-mapping$=IoTDDBEventProcessor]');
    await eventually(async () => (await numberOf(store, 'Iterator age')) > 2_500);
    expect(await numberOf(archiver, 'Iterator age')).toBeLessThan(2_000);
    await goTo('Lab');
    await page.getByRole('button', { name: 'Remove table: throttled' }).click();
    await page.getByText('No fault is at work').waitFor();
    await goTo('Devices');
    await page.getByRole('button', { name: 'Stop' }).click();
    await fleetSettled();
    await goTo('Stream');
    await eventually(async () => (await numberOf(store, 'Iterator age')) === 0);
    await page.locator('[data-lost="0"]').waitFor();
  });

  test('draws how a batch with a poison record is halved until the others are through', async () => {
    await open();
    await goTo('Lab');
    await page.getByLabel('How long').selectOption({ label: 'until removed' });
    await page.getByRole('button', { name: 'Inject stream: poison' }).click();
    const tree = page.locator('.tree').first();
    await tree.locator('.piece.split .piece.split .piece.done').first().waitFor();
    await tree.locator('.piece.retrying').getByText('1 record').waitFor();
    await page.getByRole('button', { name: 'Remove stream: poison' }).click();
    await page.getByText('No fault is at work').waitFor();
    await tree.getByText('settled').waitFor();
  });

  test('splits a shard, merges two and moves the clock', async () => {
    await open('#/lab');
    await page.getByRole('form', { name: 'Split a shard' }).getByRole('button').click();
    await page.getByText('is closed; its keys go on in shard 2 and shard 3').waitFor();
    const merge = page.getByRole('form', { name: 'Merge two shards' });
    await merge.getByLabel('Shards').selectOption('shard 3 and shard 1');
    await merge.getByRole('button').click();
    await page.getByText('shard 3 and shard 1 are closed; their keys go on in shard 4').waitFor();
    await page.getByRole('button', { name: '+ 1 hour' }).click();
    await page.getByText('ahead of this machine').waitFor();
    await goTo('Stream');
    await page.getByText('open, child of shard 0').first().waitFor();
  });

  test('says that the server is gone, and comes back with it', async () => {
    await open('#/history?sensor=later');
    await page.getByText('Nothing is stored for later').waitFor();
    await putReadings([{ sensorid: 'sooner', value: 1 }]);
    await page.locator('.loss').getByText('1 record accepted').waitFor();
    const { port } = new URL(server.url);
    await server.close();
    await page.locator('[data-connection=lost]').getByText('Not connected. Trying again').waitFor();
    await page.locator('.loss').getByText('Cannot tell (not connected)').waitFor();
    server = await startServerAt(Number(port));
    await putReadings([{ sensorid: 'later', value: 5.25 }]);
    await page.locator('[data-connection=live]').waitFor();
    await page.getByRole('cell', { name: '5.25' }).waitFor();
    await page
      .locator('.restart-note')
      .getByText('It keeps everything in memory: 1 record that it accepted before is gone')
      .waitFor();
    forgiveFailedRequests();
  });

  test('watches with one connection for all tabs, more than a browser opens to one server', async () => {
    await open();
    const tabs = await Promise.all(Array.from({ length: 8 }, () => context.newPage()));
    for (const tab of tabs) await tab.goto(`${server.url}/#/devices`);
    for (const tab of tabs) await tab.locator('[data-connection=live]').waitFor();
    expect(server.services.eventHub.watchers).toBe(1);

    await tabs[7]?.reload();
    await page.close();
    await putReadings([{ sensorid: 'for-everyone', value: 1 }]);
    for (const tab of tabs) await tab.getByText('for-everyone').first().waitFor();
    expect(server.services.eventHub.watchers).toBe(1);

    // A tab that comes back by the back button hears again, and the last tab takes the connection along.
    const [first, ...others] = tabs as [Page, ...Page[]];
    for (const tab of others) await tab.close();
    await first.goto('about:blank');
    await eventually(async () => server.services.eventHub.watchers === 0);
    await first.goBack();
    await putReadings([{ sensorid: 'for-the-last', value: 1 }]);
    await first.getByText('for-the-last').first().waitFor();
  });

  test('notices that a connection has fallen silent, and misses nothing', async () => {
    const proxy = await silentProxy(Number(new URL(server.url).port));
    try {
      await page.goto(`http://127.0.0.1:${proxy.port}/#/devices`);
      await page.locator('[data-connection=live]').waitFor();
      await putReadings([{ sensorid: 'before', value: 1 }]);
      await page.getByText('before', { exact: true }).first().waitFor();
      proxy.silence();
      await putReadings([{ sensorid: 'meanwhile', value: 1 }]);
      await page.getByText('meanwhile', { exact: true }).first().waitFor();
    } finally {
      proxy.close();
    }
  });

  test('keeps every view in the address: the back button works, and the new view has the focus', async () => {
    await open();
    await goTo('Stream');
    expect(new URL(page.url()).hash).toBe('#/stream');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Stream');
    await page.keyboard.press('Tab');
    expect(await page.evaluate<boolean>('document.activeElement !== document.body')).toBe(true);
    await page.goBack();
    await page.getByRole('heading', { level: 2, name: 'Devices' }).waitFor();
  });

  test('works on a deployed stack, and says what it cannot show there', async () => {
    const refuse = (detail: string) => ({
      status: 501,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Not Implemented', status: 501, detail }),
    });
    await page.route('**/sensors?*', (route) => route.fulfill(refuse('A deployed table does not list its sensors.')));
    await page.route('**/lab/faults', (route) => route.fulfill(refuse('A deployed stack has no lab.')));
    const stream = { name: 'iot-SensorStream', shards: [{ shardId: 'shardId-000000000000', parentShardIds: [] }] };
    await page.route('**/pipeline', (route) => route.fulfill({ json: { stream, mappings: [] } }));
    await open();
    await page.getByText('A deployed table does not list its sensors.').waitFor();
    await goTo('Lab');
    await page.getByText('The failure lab is not available here. A deployed stack has no lab.').waitFor();
    await goTo('Stream');
    await page.getByText('The consumers of this stack run in Lambda').waitFor();
    forgiveFailedRequests();
  });

  test('says what became of all records, and that it cannot tell where it is not told', async () => {
    await open();
    const verdict = (value: string) => page.locator(`.loss[data-verdict="${value}"]`);
    await verdict('all stored').waitFor();
    await putReadings([{ sensorid: 'kitchen', value: 1 }]);
    await page.getByText('1 record accepted since').waitFor();
    const { accountState, monitor } = server.services;
    const summary = accountState.summary();
    const why = 'the consumers run at AWS';
    accountState.summary = () => ({ ...summary, verdict: 'cannot tell', text: `cannot tell (${why})` });
    monitor.changed();
    await verdict('cannot tell').getByText(`Cannot tell (${why})`).waitFor();
    accountState.summary = () => {
      throw new Error('AWS refuses');
    };
    monitor.changed();
    await verdict('cannot tell').getByText('Cannot tell (AWS refuses)').waitFor();
    accountState.summary = () => ({ ...summary, verdict: 'behind', text: 'behind 3 s' });
    monitor.changed();
    await verdict('behind').getByText('Behind 3 s').waitFor();
  });

  test.each(['light', 'dark'] as const)('is accessible in every view, %s', async (colorScheme) => {
    await context.close();
    await openPage(colorScheme);
    await putReadings([...series('kitchen', 30), ...series('cellar', 30)]);
    await open();
    await startFleet({ rate: 200, faults: 40, seconds: 1 });
    await fleetSettled();
    await goTo('Lab');
    await page.getByLabel('How long').selectOption({ label: 'until removed' });
    await page.getByRole('button', { name: 'Inject stream: poison' }).click();
    await page.locator('.tree .piece.retrying').first().waitFor();
    await page.evaluate(axe.source);

    const looks: Readonly<Record<string, string>> = {
      '#/lab': '.tree .piece.retrying',
      '#/devices': 'tbody tr',
      '#/history?sensor=kitchen&sensor=cellar&range=between': '.plot canvas',
      '#/stream': '.consumer .plot canvas, .plot canvas',
      '#/archive': 'tbody tr a',
      '#/quarantine': '.quarantine > li',
      '#/metrics?sensor=kitchen': '.plot canvas',
    };
    for (const [hash, content] of Object.entries(looks)) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.locator(content).first().waitFor();
      expect({ hash, violations: await violations() }).toEqual({ hash, violations: [] });
    }
    await page.evaluate(`location.hash = '#/archive'`);
    await page.locator('tbody tr a').first().click();
    await page.locator('td code.data').first().waitFor();
    expect(await violations()).toEqual([]);
    // At the width of a small phone nothing may stick out.
    await page.setViewportSize({ width: 360, height: 740 });
    for (const hash of Object.keys(looks)) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page
        .locator(looks[hash] ?? '')
        .first()
        .waitFor();
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect({ hash, overflow: Math.max(0, overflow) }).toEqual({ hash, overflow: 0 });
    }
  });

  async function violations(): Promise<readonly string[]> {
    const { violations: found } = await page.evaluate<axe.AxeResults>(
      `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }

  /** The same server again, with nothing in it. */
  async function startServerAt(port: number): Promise<RunningServer> {
    const logger = pino({ level: 'silent' });
    const settings = { pipeline, stack: 'iot', shards: 2, retentionHours: 24, retentionMiB: 512, writeLimits: false };
    const services = appServices(memoryContainer({ log: logger, ...settings }));
    const app = await buildApp(services, { ...settings, host: '127.0.0.1', logger });
    const url = await app.listen({ host: '127.0.0.1', port });
    const isDone = async () =>
      (await services.monitor.state()).mappings.every(
        ({ shards }) => shards.length > 0 && shards.every(({ recordsBehind }) => recordsBehind === 0),
      );
    return { url, app, services, caughtUp: () => eventually(isDone), close: () => app.close() };
  }
});
