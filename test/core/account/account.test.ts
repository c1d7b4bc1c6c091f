import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Account, type Standing } from '../../../core/account/account.ts';
import { type Side, sides } from '../../../core/account/fate.ts';
import { type Step, World } from './world.ts';

const steps = fc.array(fc.record({ kind: fc.nat(200), a: fc.nat(1_000), b: fc.nat(1_000) }), {
  minLength: 20,
  maxLength: 150,
  size: 'max',
});
const digits = fc.constantFrom(1, 20, 56, 63);

/** What each consumer did with everything that was heard of. */
function sum(standing: Standing, side: Side): number {
  const { archived, stored, quarantined, replaced, givenUp, leftOut, pending, lost } = standing;
  const kept = side === 'archive' ? archived : stored + quarantined + replaced;
  const missing = lost.filter((group) => group.side === side).reduce((total, { count }) => total + count, 0);
  return kept + givenUp[side] + leftOut[side] + pending[side] + missing;
}

describe('with random schedules of producers, consumers, retries, restarts and splits', () => {
  test('without a loss none is told, at no time, and in the end all is settled', () => {
    fc.assert(
      fc.property(digits, steps, (length, schedule) => {
        const world = new World(length);
        for (const step of schedule) {
          world.step(step, false);
          expect(world.account.standing()).toMatchObject({ lost: [], balanced: true });
        }
        world.finish();
        const standing = world.account.standing();
        expect(standing).toMatchObject({ lost: [], pending: { archive: 0, store: 0 }, balanced: true, notFollowed: 0 });
        expect(standing.oldestPendingMillis).toBe(0);
        for (const side of sides) expect(sum(standing, side)).toBe(world.heardOf.size);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test('a loss is always found, with its position, and nothing else is called lost', () => {
    let injected = 0;
    fc.assert(
      fc.property(digits, steps, (length, schedule) => {
        const world = new World(length);
        for (const step of schedule) {
          world.step(step, true);
          const missing = world.missing();
          for (const name of world.lost()) expect(missing).toContain(name);
        }
        world.finish();
        injected += world.injected;
        const { lost, pending, balanced } = world.account.standing();
        expect({ pending, balanced }).toEqual({ pending: { archive: 0, store: 0 }, balanced: true });
        const missing = world.missing();
        expect(lost.reduce((total, { count }) => total + count, 0)).toBe(missing.length);
        // Of each kind the first ones are named.
        for (const { count, positions } of lost) expect(positions).toHaveLength(Math.min(count, 10));
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(injected).toBeGreaterThan(60);
  });

  test('memory is that of what is open: what is settled is forgotten', () => {
    fc.assert(
      fc.property(steps, (schedule: readonly Step[]) => {
        let now = 0;
        const account = new Account({ monotonic: () => now, maxRecords: 400 });
        const world = new World(56, account);
        for (const step of schedule) {
          world.step(step, false);
          now = world.now;
        }
        world.finish();
        world.account.standing();
        // All of it is free again.
        const shard = world.shards.find(({ closed }) => !closed)!;
        for (let n = 0; n < 70; n += 1) world.put(shard, 5, 0, false);
        expect(world.account.standing().notFollowed).toBe(0);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

describe('the account', () => {
  const number = (n: number) => `49${String(n).padStart(54, '0')}`;
  const numbered = (...numbers: number[]) => numbers.map((n) => ({ sequenceNumber: number(n) }));
  let now = 0;
  const page = (numbers: number[], more: object = {}) => ({
    records: numbered(...numbers),
    position: { type: 'TRIM_HORIZON' } as const,
    trimmed: 0,
    atTip: true,
    endOfShard: false,
    startedAt: now,
    ...more,
  });
  function accountOf(...accepted: number[]): Account {
    now = 0;
    const account = new Account({ monotonic: () => now });
    for (const n of accepted) account.accepted('http', 's', number(n));
    return account;
  }

  test('tells how long the oldest record has waited, and for whom', () => {
    const account = accountOf(1);
    now = 5_000;
    account.accepted('kinesis', 's', number(2));
    account.settled('archive', 'archived', 's', numbered(1, 2));
    now = 7_000;

    expect(account.standing()).toMatchObject({
      accepted: { http: 1, kinesis: 1, lab: 0 },
      pending: { archive: 0, store: 2 },
      oldestPendingMillis: 7_000,
      lost: [],
    });
  });

  test('calls a record that never came lost only after it should have been readable', () => {
    const account = accountOf(1);
    now = 9_999;
    account.read('archive', 's', page([]));
    expect(account.standing().lost).toEqual([]);
    now = 10_000;
    account.read('archive', 's', page([]));
    expect(account.standing().lost).toEqual([
      { side: 'archive', cause: 'never read', count: 1, positions: [{ shardId: 's', sequenceNumber: number(1) }] },
    ]);
  });

  test('calls it lost at once where the shard has ended', () => {
    const account = accountOf(1);
    account.read('store', 's', page([], { endOfShard: true }));
    expect(account.standing().lost).toMatchObject([{ side: 'store', cause: 'never read', count: 1 }]);
  });

  test('says that a record had expired before it was read', () => {
    const account = accountOf(1, 2, 3, 4);
    account.read('store', 's', page([1], { atTip: false }));
    const position = { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: number(1) } as const;
    account.read('store', 's', page([4], { position, trimmed: 2 }));
    account.settled('store', 'stored', 's', numbered(1, 4));
    expect(account.standing().lost).toMatchObject([
      { side: 'store', cause: 'expired unread', count: 2, positions: numbered(2, 3) },
    ]);
  });

  test('takes back that a record is lost when a store has it after all', () => {
    const account = accountOf(1, 2);
    account.read('store', 's', page([1, 2]));
    account.passed('store', 's', number(2));
    expect(account.standing().lost).toMatchObject([{ cause: 'not kept', count: 2 }]);
    account.settled('store', 'stored', 's', numbered(1));
    expect(account.standing().lost).toMatchObject([{ count: 1, positions: numbered(2) }]);
    // Also where the record itself is forgotten, because the other consumer is done too.
    account.settled('archive', 'archived', 's', numbered(1, 2));
    account.standing();
    account.settled('store', 'quarantined', 's', numbered(2));
    expect(account.standing()).toMatchObject({ lost: [], stored: 1, quarantined: 1, balanced: true });
  });

  test('counts a record once that was called lost, is forgotten, and is read after all', () => {
    const account = accountOf(1);
    account.read('archive', 's', page([], { position: { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: number(1) } }));
    account.read('store', 's', page([1]));
    account.settled('store', 'stored', 's', numbered(1));
    account.passed('store', 's', number(1));
    expect(account.standing().lost).toMatchObject([{ side: 'archive', cause: 'never read', count: 1 }]);
    account.read('archive', 's', page([1]));
    account.settled('archive', 'archived', 's', numbered(1));
    account.passed('archive', 's', number(1));
    expect(account.standing()).toMatchObject({ lost: [], archived: 1, stored: 1, unclaimed: 0, balanced: true });
  });

  test('finds that two records have one number, while the first is open and after that', () => {
    const account = accountOf(1, 1);
    expect(account.standing().sharedNumbers).toEqual({
      count: 1,
      positions: [{ shardId: 's', sequenceNumber: number(1) }],
    });
    for (const side of sides) {
      account.read(side, 's', page([1]));
      account.settled(side, side === 'archive' ? 'archived' : 'stored', 's', numbered(1));
      account.passed(side, 's', number(1));
    }
    account.standing();
    account.accepted('http', 's', number(1));
    expect(account.standing().lost).toMatchObject([
      { side: 'archive', cause: 'never read' },
      { side: 'store', cause: 'never read' },
    ]);
  });

  test.each(['LATEST', 'AT_TIMESTAMP'] as const)('leaves out what came before a consumer that began at %s', (type) => {
    const account = accountOf(1, 2, 3);
    account.read('store', 's', page([3], { position: { type, timestamp: 5 } }));
    account.settled('store', 'stored', 's', numbered(3));
    account.passed('store', 's', number(3));
    expect(account.standing()).toMatchObject({ lost: [], leftOut: { archive: 0, store: 2 }, stored: 1 });
  });

  test('of a consumer that goes on where another life of it stood expects nothing in front of that', () => {
    const account = accountOf();
    const from = (n: number) => ({ position: { type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: number(n) } as const });
    account.read('archive', 's', page([81], from(80)));
    account.read('store', 's', page([51, 81], from(50)));
    account.settled('archive', 'archived', 's', numbered(81));
    account.settled('store', 'stored', 's', numbered(51, 81));
    for (const side of sides) account.passed(side, 's', number(81));
    expect(account.standing()).toMatchObject({ lost: [], pending: { archive: 0, store: 0 }, unclaimed: 2 });
    // But a record that is accepted in front of it is one that nobody will ever read.
    account.accepted('http', 's', number(7));
    expect(account.standing().lost).toMatchObject([
      { side: 'archive', cause: 'never read', count: 1 },
      { side: 'store', cause: 'never read', count: 1 },
    ]);
  });

  test('follows no more records than it may, counts the others, and calls none of them lost', () => {
    const account = new Account({ monotonic: () => 0, maxRecords: 2 });
    for (const n of [1, 2, 3, 4]) account.accepted('http', 's', number(n));
    account.read('archive', 's', page([1, 2, 3, 4]));
    account.settled('archive', 'archived', 's', numbered(1, 2, 3, 4));
    account.passed('archive', 's', number(4));
    account.read('store', 's', page([1, 2, 3, 4]));
    account.settled('store', 'stored', 's', numbered(1, 2, 3, 4));
    account.passed('store', 's', number(4));
    expect(account.standing()).toMatchObject({ notFollowed: 2, lost: [], archived: 2, stored: 2, balanced: true });
    account.accepted('http', 's', number(5));
    expect(account.standing()).toMatchObject({ notFollowed: 2, pending: { archive: 1, store: 1 } });
  });

  test('forgets records of others only when no put is under way that may have brought them', () => {
    const account = accountOf();
    const put = account.putBegins();
    for (const side of sides) {
      account.read(side, 's', page([1]));
      account.settled(side, side === 'archive' ? 'archived' : 'stored', 's', numbered(1));
      account.passed(side, 's', number(1));
    }
    account.standing();
    account.accepted('http', 's', number(1));
    account.putEnded(put);
    expect(account.standing()).toMatchObject({ lost: [], unclaimed: 0, pending: { archive: 0, store: 0 } });
  });
});
