import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Ledger } from '../../../local-server/simulator/ledger.ts';

const number = (n: number) => String(10n ** 55n + BigInt(n));

describe('the ledger', () => {
  test('knows every number that was accepted among thousands, once as new and then as seen', () => {
    const ledger = new Ledger();
    for (let n = 0; n < 20_000; n++) ledger.accept(`shard-${n % 3}`, number(n), n);
    for (let n = 0; n < 20_000; n++) expect(ledger.find(`shard-${n % 3}`, number(n), true)).toBe('first');
    expect(ledger.find('shard-0', number(0), true)).toBe('again');
    expect(ledger.balance()).toEqual({ archived: 20_000, unannounced: 0, lost: [] });
  });

  test('names exactly the payloads that were not found', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (found) => {
        const ledger = new Ledger();
        found.forEach((_, n) => ledger.accept('s', number(n), n));
        found.forEach((isFound, n) => {
          if (isFound) ledger.find('s', number(n), true);
        });
        const lost = found.flatMap((isFound, n) => (isFound ? [] : [n]));
        expect(ledger.balance()).toEqual({ archived: found.length - lost.length, unannounced: 0, lost });
      }),
    );
  });

  test('takes the same number in another shard for another record', () => {
    const ledger = new Ledger();
    ledger.accept('a', number(1), 0);
    expect(ledger.find('b', number(1), false)).toBe('stranger');
  });

  test('counts a payload as lost whose number another one has', () => {
    const ledger = new Ledger();
    ledger.accept('a', number(1), 0);
    ledger.accept('a', number(1), 1);
    ledger.find('a', number(1), true);
    expect(ledger.balance()).toMatchObject({ archived: 1, lost: [1] });
  });

  test('counts what carries our stamps but was never announced', () => {
    const ledger = new Ledger();
    expect(ledger.find('a', number(1), true)).toBe('first');
    expect(ledger.find('a', number(1), true)).toBe('again');
    expect(ledger.find('a', number(2), false)).toBe('stranger');
    expect(ledger.balance()).toEqual({ archived: 0, unannounced: 1, lost: [] });
  });

  test('knows a record that was found before its sender heard of it', () => {
    const ledger = new Ledger();
    ledger.find('a', number(1), true);
    expect(ledger.accept('a', number(1), 7)).toBe(true);
    expect(ledger.accept('a', number(2), 8)).toBe(false);
    expect(ledger.balance()).toEqual({ archived: 1, unannounced: 0, lost: [8] });
    ledger.forgetFindings();
    expect(ledger.balance()).toMatchObject({ archived: 0, lost: [7, 8] });
  });

  test('tells which objects may hold the run, shard by shard', () => {
    const ledger = new Ledger();
    for (const n of [20, 10, 30]) ledger.accept('a', number(n), n);
    ledger.accept('b', number(100), 100);
    const mayHold = (first: number, last: number) => ledger.mayHold(number(first), number(last));
    expect([mayHold(1, 9), mayHold(1, 10), mayHold(15, 16), mayHold(30, 40), mayHold(31, 99), mayHold(5, 200)]).toEqual(
      [false, true, true, true, false, true],
    );
  });
});
