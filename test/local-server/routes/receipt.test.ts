import { expect, test } from '@jest/globals';
import type { AcceptedReading, RefusedReading } from '../../../core/put-readings.ts';
import { Acceptances } from '../../../local-server/routes/acceptances.ts';
import { formatReceipt } from '../../../local-server/routes/receipt.ts';
import { Rejections } from '../../../local-server/routes/rejections.ts';

const accepted: AcceptedReading[] = [
  { index: 0, sequenceNumber: '49', shardId: 'shardId-000000000000' },
  { index: 2, sequenceNumber: '50', shardId: 'a shard of another adapter: "é"\n', flags: ['far-past'] },
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

function acceptancesOf(readings: readonly AcceptedReading[]): Acceptances {
  const acceptances = new Acceptances();
  readings.forEach((reading) => acceptances.add(reading));
  return acceptances;
}

function rejectionsOf(readings: readonly RefusedReading[]): Rejections {
  const rejections = new Rejections();
  readings.forEach((reading) => rejections.add(reading));
  return rejections;
}

test('lists the first 100 invalid readings and all that can be sent again, and gives each record its index', () => {
  const invalid = Array.from({ length: 150 }, (_, n) => ({
    index: 10 + n,
    reason: 'x',
    reasons: rejected[0]!.reasons,
  }));
  const throttled = { index: 200, reason: 'not taken, send it again', reasons: [] };
  const receipt = JSON.parse(
    formatReceipt(acceptancesOf(accepted), rejectionsOf([...invalid, throttled]), 0).toString(),
  ) as {
    rejected: unknown;
    records: { index: number }[];
  };
  expect(receipt).toMatchObject({
    accepted: 3,
    rejectedCount: 151,
    rejectedNote: expect.stringContaining('50 of them'),
  });
  expect(receipt.rejected).toEqual([...invalid.slice(0, 100), throttled]);
  expect(receipt.records.map(({ index }) => index)).toEqual([0, 2, 3]);
});

test.each([
  ['of readings that were all accepted', accepted, []],
  ['of readings some of which were refused', accepted, rejected],
  ['of one reading', accepted.slice(0, 1), []],
])('a receipt %s is JSON in UTF-8', (_, taken, refused) => {
  expect(JSON.parse(formatReceipt(acceptancesOf(taken), rejectionsOf(refused), 0).toString())).toEqual({
    accepted: taken.length,
    rejectedCount: refused.length,
    rejected: refused,
    records: records.slice(0, taken.length),
  });
});

test('of more than 10,000 readings lists the first, and says where in the shards all of them are', () => {
  const taken = Array.from({ length: 25_000 }, (_, index) => ({
    ...{ index, sequenceNumber: String(100_000 + index), shardId: `shard-${index % 2}` },
  }));
  const bytes = formatReceipt(acceptancesOf(taken), rejectionsOf([]), 0);
  expect(bytes.length).toBeLessThan(1_000_000);
  const { records, ...others } = JSON.parse(bytes.toString()) as { records: readonly unknown[] };
  expect(records).toHaveLength(10_000);
  expect(records[9_999]).toEqual({ sequenceNumber: '109999', shardId: 'shard-1' });
  expect(others).toEqual({
    accepted: 25_000,
    rejectedCount: 0,
    rejected: [],
    recordsNote: expect.stringContaining('25000 records'),
    ranges: [
      { shardId: 'shard-0', accepted: 12_500, firstSequenceNumber: '100000', lastSequenceNumber: '124998' },
      { shardId: 'shard-1', accepted: 12_500, firstSequenceNumber: '100001', lastSequenceNumber: '124999' },
    ],
  });
});
