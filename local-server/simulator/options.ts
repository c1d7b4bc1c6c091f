import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { InvalidRequest } from '../../core/errors.ts';
import type { EpochMillis } from '../../core/ports.ts';
import type { TokenChoice } from '../http/access-token.ts';
import { readToken } from '../http/door-options.ts';
import { stackNames } from '../../core/stack-names.ts';
import { readSentTime } from '../../core/sent-time.ts';
import { checkEncoding } from './csv/encoding.ts';
import type { CsvOptions, DecimalMark } from './csv/options.ts';
import { checkTimeZone } from './csv/times.ts';

/** Where the stack `iot` takes readings in; the account is not part of the stream's name. */
const DEFAULT_STREAM_NAME = stackNames('iot', '000000000000').stream;

export interface SimulateOptions {
  /** The server, or with Kinesis the endpoint. */
  readonly url: string;
  /** What the server asks of its clients. */
  readonly token?: string | undefined;
  /** It is the server of this process: its certificate is not checked. */
  readonly isOwn?: boolean;
  readonly transport: { readonly type: 'http' } | { readonly type: 'kinesis'; readonly streamName: string };
  readonly source:
    | { readonly type: 'fleet'; readonly devices: number; readonly start?: EpochMillis }
    | ({ readonly type: 'csv' } & CsvOptions);
  /** Payloads per second; 0 for as fast as the server takes them. */
  readonly rate: number;
  /** 0 for no end. With a rate the run sends rate × duration payloads, however long a slow server makes that. */
  readonly durationSeconds: number;
  /** Stop after so many payloads. */
  readonly count?: number;
  readonly seed: number;
  /** Share of faults, 0–1. */
  readonly faults: number;
  /** Show how the file would be read, and send nothing. */
  readonly dryRun?: true;
  /** Read back what the server holds; `auto` does where the server answers `GET /health`. */
  readonly verify: 'auto' | 'always' | 'never';
}

export const help = `Sends readings of a simulated fleet, or of a CSV file, to a server and counts what becomes of them.

  npm run simulate -- [options]

Where to
  --url URL            the server, or with --kinesis the endpoint (http://127.0.0.1:3000)
  --kinesis            put records as an AWS client does, instead of POST /readings
  --token-file FILE    the server's token, where it asks for one, is in this file (or in the variable IOT_TOKEN)
  --stream-name NAME   the stream for --kinesis (${DEFAULT_STREAM_NAME})

How much
  --devices N          devices of the fleet, which take turns (10)
  --rate N             payloads per second of the whole fleet; 0: as fast as the server takes them (10; with --csv 0)
  --duration SECONDS   with a rate the run sends rate × duration payloads; 0: until Ctrl-C (30; with --csv 0)
  --count N            stop after N payloads; without --duration nothing else ends the run

What
  --seed N             the same seed sends the same readings again (drawn, and printed)
  --start TIME         time of the first reading, ISO 8601 (now)
  --faults SHARE       share of bad, duplicate, late and out-of-order payloads: 0.1 or 10% (0). Over HTTP bad ones are
                       refused at the door; by Kinesis they reach the quarantine
  --csv FILE           replay a CSV file; with
  --time COLUMN          its column of timestamps; twice for a column of dates and one of times of day
  --value COLUMN         a column of values, which becomes a sensor of that name; may be given several times
  --sensor COLUMN        its column of sensor ids, for files with a row per sensor
  --dry-run              show how the file is read, with its first rows, and send nothing
The rest is found out from the first rows, and --dry-run shows it:
  --delimiter CHARACTER  between cells: , ; | or tab
  --decimal MARK         of numbers: . or ,
  --time-format FORMAT   such as "d/M/yyyy HH:mm:ss" (tokens of Luxon). Two formats that both fit are refused
  --time-zone ZONE       of times without an offset, such as Europe/Berlin (UTC)
  --missing TEXT         a cell that stands for a missing value, such as --missing=-999; may be given several times
  --skip-rows N          lines before the header (0)
  --encoding NAME        such as windows-1252; UTF-8 and UTF-16 are recognised
A row that cannot be read is left out and told with its line; the others are sent.

Afterwards
  --verify             read back what the server holds and look for every accepted record (the default where the
  --no-verify          server answers GET /health), or don't

Exit code: 0 all is well, 1 something was lost, nothing was accepted or the server is gone, 2 wrong options.
`;

/** What the command line asks for, the token apart. @throws InvalidRequest naming the option, and what is expected. */
export function parseOptions(args: readonly string[]): Omit<SimulateOptions, 'token'> | 'help' {
  const given = parse(args);
  if (given.help === true) return 'help';
  if (given.verify === true && given['no-verify'] === true) {
    throw new InvalidRequest('--verify', 'contradicts --no-verify');
  }
  const source = sourceOf(given);
  const count = given.count === undefined ? undefined : wholeNumber('--count', given.count, 1);
  // A file ends by itself, and whoever counts wants the count.
  const endless = source.type === 'csv' || count !== undefined;
  return {
    url: httpUrl(given.url),
    transport: transportOf(given),
    source,
    rate: number('--rate', given.rate ?? (source.type === 'csv' ? '0' : '10')),
    durationSeconds: number('--duration', given.duration ?? (endless ? '0' : '30')),
    ...(count === undefined ? {} : { count }),
    seed: given.seed === undefined ? randomInt(2 ** 31) : wholeNumber('--seed', given.seed, 0, 2 ** 31 - 1),
    faults: share('--faults', given.faults),
    ...(given['dry-run'] === true && { dryRun: true }),
    verify: given.verify === true ? 'always' : given['no-verify'] === true ? 'never' : 'auto',
  };
}

/** Where the command line and the environment say that the token is. */
export function tokenChoice(args: readonly string[], environment: NodeJS.ProcessEnv): TokenChoice {
  return readToken({ 'token-file': parse(args)['token-file'] }, environment);
}

type Given = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string', default: 'http://127.0.0.1:3000' },
        kinesis: { type: 'boolean' },
        'token-file': { type: 'string' },
        'stream-name': { type: 'string' },
        devices: { type: 'string' },
        rate: { type: 'string' },
        duration: { type: 'string' },
        count: { type: 'string' },
        seed: { type: 'string' },
        start: { type: 'string' },
        faults: { type: 'string', default: '0' },
        csv: { type: 'string' },
        time: { type: 'string', multiple: true },
        value: { type: 'string', multiple: true },
        sensor: { type: 'string' },
        delimiter: { type: 'string' },
        decimal: { type: 'string' },
        'time-format': { type: 'string' },
        'time-zone': { type: 'string' },
        missing: { type: 'string', multiple: true },
        'skip-rows': { type: 'string' },
        encoding: { type: 'string' },
        'dry-run': { type: 'boolean' },
        verify: { type: 'boolean' },
        'no-verify': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
    throw new InvalidRequest('options', message.replace(/\. .*$/s, ''), { cause: error });
  }
}

function transportOf(given: Given): SimulateOptions['transport'] {
  const streamName = given['stream-name'];
  if (given.kinesis === true) return { type: 'kinesis', streamName: streamName ?? DEFAULT_STREAM_NAME };
  if (streamName !== undefined) throw new InvalidRequest('--stream-name', 'goes only with --kinesis');
  return { type: 'http' };
}

const onlyForFiles = [
  'time',
  'value',
  'sensor',
  'delimiter',
  'decimal',
  'time-format',
  'time-zone',
  'missing',
  'skip-rows',
  'encoding',
  'dry-run',
] as const;

function sourceOf(given: Given): SimulateOptions['source'] {
  const { csv } = given;
  for (const name of csv === undefined ? onlyForFiles : (['devices', 'start'] as const)) {
    if (given[name] !== undefined) {
      throw new InvalidRequest(`--${name}`, csv === undefined ? 'goes only with --csv' : 'does not go with --csv');
    }
  }
  if (csv !== undefined) return { type: 'csv', ...csvOptions(csv, given) };
  const devices = wholeNumber('--devices', given.devices ?? '10', 1, 1_000_000);
  return { type: 'fleet', devices, ...(given.start === undefined ? {} : { start: instant('--start', given.start) }) };
}

function csvOptions(file: string, given: Given): CsvOptions {
  const { time, value: values, sensor, delimiter, decimal, missing, encoding } = given;
  const { 'time-format': timeFormat, 'time-zone': timeZone, 'skip-rows': skipRows } = given;
  if (time === undefined)
    throw new InvalidRequest('--time', 'is missing: which column of the file has the timestamps?');
  if (time.length > 2)
    throw new InvalidRequest(
      '--time',
      `is there ${time.length} times, but may be there twice: for a column of dates and one of times of day`,
    );
  if (values === undefined)
    throw new InvalidRequest('--value', 'is missing: which columns of the file have the values?');
  return {
    file,
    time,
    values,
    ...(sensor !== undefined && { sensor }),
    ...(delimiter !== undefined && { delimiter: delimiterOf(delimiter) }),
    ...(decimal !== undefined && { decimal: decimalOf(decimal) }),
    ...(timeFormat !== undefined && { timeFormat }),
    ...(timeZone !== undefined && { timeZone: checkTimeZone(timeZone) }),
    ...(missing !== undefined && { missing }),
    ...(skipRows !== undefined && { skipRows: wholeNumber('--skip-rows', skipRows, 0) }),
    ...(encoding !== undefined && { encoding: checkEncoding(encoding) }),
  };
}

function delimiterOf(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t';
  if (text.length === 1 && !/["\r\n]/.test(text)) return text;
  throw new InvalidRequest('--delimiter', `is "${text}", but must be one character, or tab`);
}

function decimalOf(text: string): DecimalMark {
  if (text === '.' || text === ',') return text;
  throw new InvalidRequest('--decimal', `is "${text}", but must be . or ,`);
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidRequest('--url', `is "${text}", but must be an address as http://127.0.0.1:3000`);
  }
  return text;
}

function number(option: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidRequest(option, `is "${text}", but must be a number from 0 on`);
  return Number(text);
}

function wholeNumber(option: string, text: string, least: number, most = 2 ** 32 - 1): number {
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) {
    throw new InvalidRequest(option, `is "${text}", but must be a whole number from ${least} to ${most}`);
  }
  return Number(text);
}

function share(option: string, text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%)?$/.exec(text) ?? [];
  const value = percent === undefined ? Number(digits) : Number(digits) / 100;
  if (!(value <= 1))
    throw new InvalidRequest(option, `is "${text}", but must be a share from 0 to 1 or from 0% to 100%`);
  return value;
}

function instant(option: string, text: string): EpochMillis {
  const time = readSentTime(text, Date.now());
  if (!time.ok) throw new InvalidRequest(option, `is "${text}", but ${time.rule}`);
  return time.instant;
}
