import { expect, test } from '@jest/globals';
import type { AcceptedReading, RefusedReading } from '../../../core/put-readings.ts';
import { formatReceipt } from '../../../local-server/routes/receipt.ts';

const accepted: AcceptedReading[] = [
  { index: 0, sequenceNumber: '49', shardId: 'shardId-000000000000' },
  { index: 2, sequenceNumber: '50', shardId: 'a shard of another adapter: "é"\n', flag: 'far-past' },
  { index: 3, sequenceNumber: '51', shardId: 'shardId-000000000000' },
];
const rejected: RefusedReading[] = [
  {
    index: 1,
    reason: 'value must be a number, but is "zwölf" 😀',
    reasons: [{ field: 'value', rule: 'x', seen: '"zwölf"' }],
  },
];
const records = accepted.map(({ index: _, ...record }) => record);

test.each([
  ['of readings that were all accepted', accepted, []],
  ['of readings some of which were refused', accepted, rejected],
  ['of one reading', accepted.slice(0, 1), []],
])('a receipt %s is JSON in UTF-8', (_, taken, refused) => {
  expect(JSON.parse(formatReceipt(taken, refused).toString())).toEqual({
    accepted: taken.length,
    rejected: refused,
    records: records.slice(0, taken.length),
  });
});
