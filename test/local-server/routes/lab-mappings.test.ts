import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { type RunningServer, startServer } from '../../support/running-server.ts';

let server: RunningServer;
afterEach(() => server.close());

async function change(mapping: string, body: object) {
  const response = await fetch(`${server.url}/lab/mappings/${mapping}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const put = (value: number) =>
  fetch(`${server.url}/readings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sensorid: 's', value }),
  });
async function storer() {
  const response = await fetch(`${server.url}/pipeline`);
  const { mappings } = (await response.json()) as { mappings: Record<string, unknown>[] };
  return mappings.find(({ name }) => name === 'iot-IoTDDBEventProcessor')!;
}

test('a person disables a consumer, sees it fall behind, and enables it by its id', async () => {
  server = await startServer({ shards: 1 });
  const disabled = await change('iot-IoTDDBEventProcessor', { enabled: false });
  expect(disabled).toMatchObject({ status: 202, body: { name: 'iot-IoTDDBEventProcessor', state: 'Disabling' } });
  await eventually(async () => (await storer()).state === 'Disabled');
  await put(1);
  await eventually(async () => JSON.stringify((await storer()).shards).includes('"recordsBehind":1'));

  const { id } = await storer();
  expect(await change(String(id), { enabled: true, batchSize: 5 })).toMatchObject({
    status: 202,
    body: { state: 'Enabling', stateTransitionReason: 'User action' },
  });
  await server.caughtUp();
  expect(await storer()).toMatchObject({ state: 'Enabled', lastProcessingResult: 'OK', settings: { batchSize: 5 } });
});

test('wrong changes are refused with the reason', async () => {
  server = await startServer();
  const name = 'iot-IoTS3EventProcessor';
  expect(await change(name, { batchSize: 0 })).toMatchObject({ status: 400, body: { field: 'batchSize' } });
  expect(await change(name, { startingPosition: 'LATEST' })).toMatchObject({
    status: 400,
    body: { field: 'startingPosition', detail: expect.stringContaining('what can be changed is enabled, batchSize') },
  });
  expect((await change(name, {})).status).toBe(400);
  expect(await change('IoTS3EventProcessor', { enabled: false })).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining('iot-IoTS3EventProcessor and iot-IoTDDBEventProcessor') },
  });
});
