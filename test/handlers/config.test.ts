import { expect, test } from '@jest/globals';
import {
  archiveEventsConfig,
  InvalidConfiguration,
  sensorHistoryConfig,
  storeReadingsConfig,
} from '../../handlers/config.ts';

test('a function reads what it needs, and what everyone reads has defaults', () => {
  expect(archiveEventsConfig({ ARCHIVE_BUCKET: 'b' })).toEqual({ archiveBucket: 'b', logLevel: 'info' });
  expect(sensorHistoryConfig({ TABLE_NAME: 't', LOG_LEVEL: 'debug', AWS_ENDPOINT_URL: 'http://x' })).toEqual({
    tableName: 't',
    logLevel: 'debug',
    endpoint: 'http://x',
  });
  expect(storeReadingsConfig({ TABLE_NAME: 't', UNDELIVERED_BUCKET: 'u', TTL_DAYS: '30' })).toEqual({
    tableName: 't',
    undeliveredBucket: 'u',
    ttlDays: 30,
    logLevel: 'info',
  });
});

test('what is set to nothing is not set', () => {
  expect(storeReadingsConfig({ TABLE_NAME: 't', UNDELIVERED_BUCKET: 'u', TTL_DAYS: '' })).not.toHaveProperty('ttlDays');
  expect(() => archiveEventsConfig({ ARCHIVE_BUCKET: '' })).toThrow('ARCHIVE_BUCKET is missing');
});

test('everything that is wrong is named at once', () => {
  const environment = { TTL_DAYS: '1.5', LOG_LEVEL: 'loud' };
  expect(() => storeReadingsConfig(environment)).toThrow(InvalidConfiguration);
  for (const name of ['TABLE_NAME', 'UNDELIVERED_BUCKET', 'TTL_DAYS', 'LOG_LEVEL']) {
    expect(() => storeReadingsConfig(environment)).toThrow(name);
  }
});
