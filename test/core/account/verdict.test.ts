import { describe, expect, test } from '@jest/globals';
import type { Standing } from '../../../core/account/account.ts';
import { formatVerdict, type Knowledge, problemsOf, verdictOf } from '../../../core/account/verdict.ts';

const none = { archive: 0, store: 0 };
const position = { shardId: 's', sequenceNumber: '7' };

function knowledge(standing: Partial<Standing> = {}, more: Partial<Knowledge> = {}): Knowledge {
  return {
    standing: {
      accepted: { http: 3, kinesis: 0, lab: 0 },
      ...{ unclaimed: 0, archived: 3, stored: 3, quarantined: 0, replaced: 0 },
      ...{
        givenUp: none,
        leftOut: none,
        pending: none,
        oldestPendingMillis: 0,
        lost: [],
        notFollowed: 0,
        balanced: true,
      },
      sharedNumbers: { count: 0, positions: [] },
      ...standing,
    },
    ...{ misses: [], givenUp: [], missingFailures: [], unknown: [] },
    ...more,
  };
}
const say = (...of: Parameters<typeof knowledge>) => formatVerdict(verdictOf(knowledge(...of)));

describe('the verdict', () => {
  test('is that all is stored only where nothing waits, is wrong or is unknown', () => {
    expect(say()).toBe('all stored');
  });

  test.each([
    [1, 'behind 1 s'],
    [1_001, 'behind 2 s'],
    [12_000, 'behind 12 s'],
  ])('says how far behind the slower consumer is (%d ms)', (oldestPendingMillis, words) => {
    expect(say({ pending: { archive: 0, store: 4 }, oldestPendingMillis })).toBe(words);
  });

  test.each([
    ['a bug of the account', { balanced: false }, [], 'cannot tell (the account contradicts itself, which is a bug)'],
    ['too much at once', { notFollowed: 2 }, [], /^cannot tell \(2 records came while .* not followed\)$/],
    [
      'anything else',
      {},
      ['reads fail', 'the stream was made anew'],
      'cannot tell (reads fail; the stream was made anew)',
    ],
    [
      'something unknown, though it is behind',
      { pending: { archive: 1, store: 1 } },
      ['reads fail'],
      'cannot tell (reads fail)',
    ],
  ])('cannot tell because of %s', (_, standing, unknown, words) => {
    expect(say(standing, { unknown })).toEqual(words instanceof RegExp ? expect.stringMatching(words) : words);
  });

  test('counts problems, whatever else is', () => {
    const lost = [{ side: 'archive', cause: 'not kept', count: 2, positions: [position] }] as const;
    expect(say({ lost }, { unknown: ['reads fail'] })).toBe('1 problem');
    expect(say({ lost, givenUp: { archive: 0, store: 711 } })).toBe('2 problems');
  });
});

test('each problem says what, how many, and where', () => {
  const problems = problemsOf(
    knowledge(
      {
        lost: [{ side: 'store', cause: 'never read', count: 1, positions: [position] }],
        givenUp: { archive: 2, store: 0 },
        sharedNumbers: { count: 1, positions: [position] },
      },
      {
        misses: [
          { side: 'store', finding: 'missing', partitionKey: 'kitchen', ...position },
          { side: 'archive', finding: 'differs', partitionKey: 'kitchen', ...position },
        ],
        givenUp: [{ side: 'archive', ...position }],
        missingFailures: [{ key: 'aws/lambda/x', records: 2 }],
      },
    ),
  );
  expect(problems.map(({ kind, side, records, positions }) => [kind, side, records, positions])).toEqual([
    ['lost', 'store', 1, [position]],
    ['given up', 'archive', 2, [position]],
    ['same number', undefined, 1, [position]],
    ['differs', 'archive', 1, [{ ...position, partitionKey: 'kitchen' }]],
    ['missing', 'store', 1, [{ ...position, partitionKey: 'kitchen' }]],
    ['failure record missing', undefined, 2, []],
  ]);
  expect(problems.map(({ message }) => message).join('\n')).toMatchInlineSnapshot(`
    "1 record lost to store-readings: never read, though the consumer is past that place
    2 records given up by archive-events: the failure destination has them, the archive may not
    1 record accepted under a sequence number that another record has: one of two is lost
    1 record in the archive with other content than was accepted
    1 record not in the table and the quarantine, looked for twice, though store-readings was done with it
    2 records given up, and the failure destination does not have aws/lambda/x"
  `);
});
