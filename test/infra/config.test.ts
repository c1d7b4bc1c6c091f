import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../infra/config.ts';

const noStages = () => undefined;

test('has a value for every setting that needs one', () => {
  expect(readConfig({}, noStages)).toEqual({
    stack: 'iot',
    region: 'us-east-1',
    capacity: 'provisioned',
    shards: 2,
    retentionHours: 24,
    logDays: 30,
    logLevel: 'info',
    clientUser: true,
    deleteArchive: false,
    adoptArchive: false,
  });
});

test('takes every setting from the environment', () => {
  const env = {
    IOT_STACK: 'prod',
    IOT_REGION: 'eu-central-1',
    IOT_SHARDS: '4',
    IOT_RETENTION_HOURS: '168',
    IOT_TTL_DAYS: '90',
    IOT_ARCHIVE_DAYS: '3650',
    IOT_LOG_DAYS: '90',
    IOT_LOG_LEVEL: 'debug',
    IOT_ALARM_EMAIL: 'ops@example.org',
    IOT_CLIENT_USER: 'false',
    IOT_DELETE_ARCHIVE: 'true',
    IOT_ADOPT_ARCHIVE: 'true',
    IOT_STATE_BUCKET: 'state-of-things',
    IOT_ENDPOINT: 'http://127.0.0.1:5000',
    UNRELATED: 'x',
  };
  expect(readConfig(env, noStages)).toEqual({
    stack: 'prod',
    region: 'eu-central-1',
    capacity: 'provisioned',
    shards: 4,
    retentionHours: 168,
    ttlDays: 90,
    archiveDays: 3650,
    logDays: 90,
    logLevel: 'debug',
    alarmEmail: 'ops@example.org',
    clientUser: false,
    deleteArchive: true,
    adoptArchive: true,
    stateBucket: 'state-of-things',
    endpoint: 'http://127.0.0.1:5000',
  });
});

test('takes the region of the AWS tools where it has none of its own', () => {
  expect(readConfig({ AWS_REGION: 'eu-west-1' }, noStages).region).toBe('eu-west-1');
  expect(readConfig({ AWS_REGION: 'eu-west-1', IOT_REGION: 'eu-north-1' }, noStages).region).toBe('eu-north-1');
});

test('takes the file of a stage, and the environment before it', () => {
  const stages = (stage: string) =>
    stage === 'prod' ? '{"stack": "prod", "shards": 8, "clientUser": false}' : undefined;
  expect(readConfig({ IOT_STAGE: 'prod', IOT_SHARDS: '16' }, stages)).toMatchObject({
    stack: 'prod',
    shards: 16,
    clientUser: false,
  });
});

describe('refuses', () => {
  test.each([
    ['IOT_STACK', 'Prod', /stack: is "Prod", but must be lower-case letters.*bucket's name/],
    ['IOT_STACK', '1st', /must be lower-case letters/],
    ['IOT_STACK', 'a'.repeat(38), /at most 37 characters/],
    ['IOT_REGION', 'Frankfurt', /region \(IOT_REGION\) is Frankfurt/],
    ['AWS_REGION', 'Frankfurt', /AWS_REGION is Frankfurt/],
    ['IOT_CAPACITY', 'much', /must be one of provisioned, on-demand/],
    ['IOT_SHARDS', '0', /shards \(IOT_SHARDS\) is 0, but must be a whole number from 1 to 10000/],
    ['IOT_SHARDS', '2.5', /whole number/],
    ['IOT_RETENTION_HOURS', '23', /from 24 to 8760/],
    ['IOT_TTL_DAYS', '0', /from 1 to/],
    ['IOT_ARCHIVE_DAYS', '-1', /from 1 to/],
    ['IOT_LOG_DAYS', '31', /CloudWatch Logs keeps for 1, 3, 5/],
    ['IOT_LOG_LEVEL', 'warn', /must be one of trace, debug, info/],
    ['IOT_ALARM_EMAIL', 'ops', /must be an e-mail address/],
    ['IOT_CLIENT_USER', 'yes', /must be one of true, false/],
    ['IOT_STATE_BUCKET', 'S', /must be the name of a bucket/],
    ['IOT_ENDPOINT', 'localhost', /must be an address such as/],
    ['IOT_SHARD', '2', /IOT_SHARD is set, which is no setting; there are IOT_STACK, .*IOT_SHARDS/],
    ['IOT_STAGE', 'prod', /there is no file infra\/stages\/prod\.json/],
  ])('%s=%s', (variable, value, reason) => {
    expect(() => readConfig({ [variable]: value }, noStages)).toThrow(reason);
  });

  test('a number of shards on demand', () => {
    expect(() => readConfig({ IOT_CAPACITY: 'on-demand', IOT_SHARDS: '2' }, noStages)).toThrow(
      /goes with provisioned capacity/,
    );
  });

  test.each([
    ['{', /must hold an object of settings/],
    ['[]', /must hold an object of settings/],
    ['{"shard": 2}', /infra\/stages\/prod\.json has shard, which is no setting/],
    ['{"shards": [2]}', /must be a text, a number, true or false/],
  ])('a file of a stage that holds %s', (text, reason) => {
    expect(() => readConfig({ IOT_STAGE: 'prod' }, () => text)).toThrow(reason);
  });

  test('a stage whose name leads elsewhere', () => {
    expect(() => readConfig({ IOT_STAGE: '../package' }, () => '{}')).toThrow(/there is no file/);
  });

  test('everything that is wrong at once', () => {
    expect(() => readConfig({ IOT_SHARDS: '0', IOT_TTL_DAYS: '0' }, noStages)).toThrow(/shards.*; ttlDays/);
  });
});
