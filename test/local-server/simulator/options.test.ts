import { describe, expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../core/errors.ts';
import { parseOptions, tokenChoice } from '../../../local-server/simulator/options.ts';

describe('the command line', () => {
  test('without options is ten devices over HTTP for half a minute', () => {
    expect(parseOptions(['--seed', '1'])).toEqual({
      url: 'http://127.0.0.1:3000',
      transport: { type: 'http' },
      source: { type: 'fleet', devices: 10 },
      rate: 10,
      durationSeconds: 30,
      seed: 1,
      faults: 0,
      verify: 'auto',
    });
  });

  test('with every option of a fleet says so', () => {
    const line =
      '--url http://h:1 --kinesis --stream-name s --devices 3 --rate 0.5 --duration 2 --count 9 --seed 7 --start 2026-01-01 --faults 10% --verify';
    expect(parseOptions(line.split(' '))).toEqual({
      url: 'http://h:1',
      transport: { type: 'kinesis', streamName: 's' },
      source: { type: 'fleet', devices: 3, start: Date.UTC(2026, 0, 1) },
      rate: 0.5,
      durationSeconds: 2,
      count: 9,
      seed: 7,
      faults: 0.1,
      verify: 'always',
    });
  });

  test('with a file replays all of it, as fast as it goes', () => {
    const line = '--csv f.csv --time t --value a --value b --sensor id --no-verify --seed 1';
    expect(parseOptions(line.split(' '))).toMatchObject({
      source: { type: 'csv', file: 'f.csv', time: ['t'], values: ['a', 'b'], sensor: 'id' },
      rate: 0,
      durationSeconds: 0,
      verify: 'never',
    });
  });

  test('with every option of a file says so', () => {
    const line =
      '--csv f.csv --time d --time t --value v --delimiter tab --decimal , --time-format d.M.yyyy --time-zone Europe/Berlin --missing NA --missing=-999 --skip-rows 3 --encoding latin1 --dry-run';
    expect(parseOptions(line.split(' '))).toMatchObject({
      source: {
        type: 'csv',
        time: ['d', 't'],
        delimiter: '\t',
        decimal: ',',
        timeFormat: 'd.M.yyyy',
        timeZone: 'Europe/Berlin',
        missing: ['NA', '-999'],
        skipRows: 3,
        encoding: 'windows-1252',
      },
      dryRun: true,
    });
  });

  test('with a count ends at the count', () => {
    expect(parseOptions(['--count', '5'])).toMatchObject({ count: 5, durationSeconds: 0 });
  });

  test('takes the stream of the stack iot for Kinesis', () => {
    expect(parseOptions(['--kinesis'])).toMatchObject({ transport: { streamName: 'iot-SensorStream' } });
  });

  test('says where the token is', () => {
    expect(tokenChoice(['--token-file', 'f'], { IOT_TOKEN: 'x' })).toEqual({ type: 'file', file: 'f' });
    expect(tokenChoice([], { IOT_TOKEN: 'x' })).toEqual({ type: 'given', token: 'x', by: 'IOT_TOKEN' });
    expect(tokenChoice([], {})).toEqual({ type: 'as-needed' });
  });

  test('asks for help', () => {
    expect(parseOptions(['--help'])).toBe('help');
  });

  test.each([
    ['--rate ten', '--rate: is "ten", but must be a number from 0 on'],
    ['--devices 0', '--devices: is "0", but must be a whole number from 1 to 1000000'],
    ['--seed 1.5', '--seed: is "1.5", but must be a whole number from 0 to 2147483647'],
    ['--faults 2', '--faults: is "2", but must be a share from 0 to 1 or from 0% to 100%'],
    ['--faults 101%', '--faults: is "101%", but must be a share from 0 to 1 or from 0% to 100%'],
    ['--faults some', '--faults: is "some", but must be a share from 0 to 1 or from 0% to 100%'],
    ['--url localhost:3000', '--url: is "localhost:3000", but must be an address as http://127.0.0.1:3000'],
    ['--start soon', '--start: is "soon", but must be an ISO 8601 date and time'],
    ['--csv f --value a', '--time: is missing: which column of the file has the timestamps?'],
    ['--csv f --time t', '--value: is missing: which columns of the file have the values?'],
    ['--csv f --time t --value v --devices 3', '--devices: does not go with --csv'],
    ['--value v', '--value: goes only with --csv'],
    ['--dry-run', '--dry-run: goes only with --csv'],
    ['--csv f --value v --time a --time b --time c', '--time: is there 3 times, but may be there twice'],
    ['--csv f --value v --time t --delimiter ab', '--delimiter: is "ab", but must be one character, or tab'],
    ['--csv f --value v --time t --decimal x', '--decimal: is "x", but must be . or ,'],
    ['--csv f --value v --time t --time-zone Mars', '--time-zone: is "Mars", but must be a name such as Europe/Berlin'],
    ['--csv f --value v --time t --skip-rows -1', '--skip-rows'],
    ['--csv f --value v --time t --encoding klingon', '--encoding: is "klingon", which is not known'],
    ['--stream-name s', '--stream-name: goes only with --kinesis'],
    ['--verify --no-verify', '--verify: contradicts --no-verify'],
    ['--fault 1', "options: Unknown option '--fault'"],
    ['--rate', "options: Option '--rate <value>' argument missing"],
    ['fast', "options: Unexpected argument 'fast'"],
  ])('"%s" is refused with what is expected', (line, message) => {
    const parsing = () => parseOptions(line.split(' '));
    expect(parsing).toThrow(InvalidRequest);
    expect(parsing).toThrow(message);
  });
});
