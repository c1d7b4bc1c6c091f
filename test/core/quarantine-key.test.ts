import { expect, test } from '@jest/globals';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';

const shardId = 'shardId-000000000003';
const sequenceNumber = '49545115243490985018280067714973144582180062593244200961';

test('the key of a quarantined record names the UTC day on which it arrived, the record and its shard', () => {
  const arrivedAt = Date.UTC(2015, 10, 2, 23, 59, 59, 999);

  expect(formatQuarantineKey({ arrivedAt, sequenceNumber, shardId })).toBe(
    `2015-11-02/${sequenceNumber}-${shardId}.json`,
  );
});

test('keys of the quarantine sort by the day of arrival, then by the sequence number', () => {
  const later = '49545115243490985018280067714973144582180062593244200962';
  const keys = [
    formatQuarantineKey({ arrivedAt: Date.UTC(2015, 10, 2), sequenceNumber, shardId }),
    formatQuarantineKey({ arrivedAt: Date.UTC(2015, 10, 2), sequenceNumber: later, shardId }),
    formatQuarantineKey({ arrivedAt: Date.UTC(2015, 10, 3), sequenceNumber, shardId }),
  ];

  expect([...keys].sort()).toEqual(keys);
});
