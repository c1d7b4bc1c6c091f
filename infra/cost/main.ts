/** `npm run cost`: what a month would cost, before anything is deployed. */
import { parseArgs } from 'node:util';
import { pipeline } from '../../core/pipeline.ts';
import { stackNames } from '../../core/stack-names.ts';
import { InvalidConfiguration } from '../../handlers/config.ts';
import { runCommand, say } from '../command.ts';
import { readConfig } from '../config.ts';
import { watchedMetrics } from '../metrics.ts';
import { readStage } from '../stages.ts';
import { estimate } from './estimate.ts';
import { formatPrices, formatReport } from './report.ts';

const HELP = `Usage: npm run cost -- [options]

Estimates a month of the deployment as it is configured (IOT_SHARDS, IOT_CAPACITY, …) under a load.

  --devices N       how many (500)
  --every TIME      how often each sends a reading: 10s, 5m, 1h (10s)
  --bytes N         bytes of a reading (100)
  --prices          show the prices and where they are from
  --help            this text
`;

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

function seconds(text: string): number {
  const [, value = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const result = Number(value) * (units[unit] ?? 0);
  if (result > 0) return result;
  throw new InvalidConfiguration(`--every is ${text}, but must be a time such as 10s, 5m or 1h`);
}

function positive(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidConfiguration(`${option} is ${text}, but must be a whole number from 1`);
}

await runCommand(() => {
  const { values } = parseArgs({
    options: {
      devices: { type: 'string', default: '500' },
      every: { type: 'string', default: '10s' },
      bytes: { type: 'string', default: '100' },
      prices: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(HELP);
    return;
  }
  if (values.prices) {
    say(formatPrices());
    return;
  }
  const { stack, capacity, shards } = readConfig(process.env, readStage);
  const alarms = watchedMetrics(stack, stackNames(stack, '000000000000'), {
    archiveEvents: '',
    storeReadings: '',
  }).length;
  const load = {
    devices: positive('--devices', values.devices),
    everySeconds: seconds(values.every),
    bytes: positive('--bytes', values.bytes),
  };
  say(formatReport(estimate(load, { capacity, shards, pipeline, alarms })));
});
