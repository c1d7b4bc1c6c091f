import { expect, test } from '@jest/globals';
import { archivedContent } from '../../core/archived-content.ts';

test('tells what the objects are that the project puts, by their keys', () => {
  expect(archivedContent('2026-01-01/1-2.shardId-000000000000.ndjson.gz')).toEqual({
    contentType: 'application/x-ndjson',
    contentEncoding: 'gzip',
  });
  expect(archivedContent('quarantine/2026-01-01/1-shardId-000000000000.json')).toEqual({
    contentType: 'application/json',
  });
  expect(archivedContent('aws/lambda/id/shardId-000000000000/2026/01/01/2026-01-01T00.00.00-id')).toBeUndefined();
});
