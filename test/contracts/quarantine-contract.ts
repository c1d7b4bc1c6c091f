/** What every quarantine promises. */
import { describe, expect, test } from '@jest/globals';
import type { EpochMillis, Quarantine, QuarantinedRecord } from '../../core/ports.ts';
import { formatQuarantineKey } from '../../core/quarantine-key.ts';
import { bytesOf, quarantinedRecord, sequenceNumber } from '../support/record-factory.ts';
import { eventually, type Harness, range, useHarness } from './harness.ts';

export interface QuarantineHarness extends Harness {
  readonly quarantine: Quarantine;
}

const DAY = 24 * 60 * 60 * 1_000;

export function quarantineContract(name: string, create: () => Promise<QuarantineHarness>): void {
  describe(`quarantine: ${name}`, () => {
    const harness = useHarness(create);
    let days = 0;

    /** Noon of a day that no other test of this suite uses: keys start with the day of arrival. */
    function ownDay(): EpochMillis {
      days += 1;
      return Date.UTC(2026, 0, 1, 12) + days * 2 * DAY;
    }

    function dayOf(instant: EpochMillis): string {
      return new Date(instant).toISOString().slice(0, 10);
    }

    async function listDay(instant: EpochMillis, count: number): Promise<readonly QuarantinedRecord[]> {
      const { records } = await eventually(
        harness(),
        () => harness().quarantine.list({ prefix: dayOf(instant), limit: 1_000 }),
        (seen) => seen.records.length >= count,
      );
      return records;
    }

    test('ends a page where it reaches the bytes that were asked for, with one record at least', async () => {
      const arrivedAt = ownDay();
      const data = new Uint8Array(30_000).fill(7);
      const kept = [1, 2, 3].map((n) => quarantinedRecord({ arrivedAt, data, sequenceNumber: sequenceNumber(n) }));
      await harness().quarantine.keep(kept);
      await listDay(arrivedAt, 3);
      const prefix = dayOf(arrivedAt);
      const sizes: number[] = [];
      let after: string | undefined;
      for (let more = true; more;) {
        const page = await harness().quarantine.list({
          prefix,
          limit: 10,
          maxBytes: sizes.length === 0 ? 90_000 : 1,
          ...(after !== undefined && { after }),
        });
        sizes.push(page.records.length);
        const last = page.records.at(-1);
        after = last && formatQuarantineKey(last.record, last.copy);
        more = page.more;
      }
      expect(sizes.reduce((a, b) => a + b)).toBe(3);
      expect(sizes.slice(1).every((size) => size === 1)).toBe(true);
    });

    test('keeps no records without complaint', async () => {
      await expect(harness().quarantine.keep([])).resolves.toBeUndefined();
    });

    test('gives a record back whole: its bytes, where and when it came, and every reason', async () => {
      const arrivedAt = ownDay();
      const kept: QuarantinedRecord = {
        ...quarantinedRecord({ arrivedAt, data: Uint8Array.from(range(256)), partitionKey: 'Küche °C 🌱' }),
        reasons: [
          { field: 'value', rule: 'must be a finite number or a numeric string', seen: '"abc"' },
          { field: 'sensorid', rule: 'must be a string', seen: 'missing' },
        ],
      };
      await harness().quarantine.keep([kept]);
      const [{ record, ...rest } = kept] = await listDay(arrivedAt, 1);
      expect(rest).toEqual({ reasons: kept.reasons, quarantinedAt: kept.quarantinedAt });
      expect({ ...record, data: [...record.data] }).toEqual({ ...kept.record, data: range(256) });
    });

    test('keeps empty bytes', async () => {
      const arrivedAt = ownDay();
      await harness().quarantine.keep([quarantinedRecord({ arrivedAt, data: new Uint8Array(0) })]);
      const [kept] = await listDay(arrivedAt, 1);
      expect(kept?.record.data).toHaveLength(0);
    });

    test('keeps a record once that is kept again', async () => {
      const arrivedAt = ownDay();
      const twice = quarantinedRecord({ arrivedAt });
      await harness().quarantine.keep([twice]);
      await harness().quarantine.keep([twice, quarantinedRecord({ arrivedAt, sequenceNumber: sequenceNumber(2) })]);
      expect((await listDay(arrivedAt, 2)).map(({ record }) => record.sequenceNumber)).toEqual(
        [1, 2].map(sequenceNumber),
      );
    });

    test('keeps another record with the same shard and sequence number, and lists both, page by page', async () => {
      const arrivedAt = ownDay();
      const bodies = ['first', 'of a stream made anew', 'and of another'];
      for (const body of [...bodies, ...bodies]) {
        const quarantinedAt = arrivedAt + body.length;
        await harness().quarantine.keep([{ ...quarantinedRecord({ arrivedAt, data: bytesOf(body) }), quarantinedAt }]);
      }
      expect(await listDay(arrivedAt, 3)).toHaveLength(3);
      const seen: string[] = [];
      for (let after = dayOf(arrivedAt), more = true; more && seen.length < 9;) {
        const page = await harness().quarantine.list({ prefix: dayOf(arrivedAt), after, limit: 1 });
        for (const { record, copy } of page.records) {
          seen.push(Buffer.from(record.data).toString());
          after = formatQuarantineKey(record, copy);
        }
        more = page.more;
      }
      expect(seen.sort()).toEqual([...bodies].sort());
    });

    test('keeps many records in one call', async () => {
      const arrivedAt = ownDay();
      await harness().quarantine.keep(
        range(500).map((n) => quarantinedRecord({ arrivedAt, sequenceNumber: sequenceNumber(n) })),
      );
      const numbers = (await listDay(arrivedAt, 500)).map(({ record }) => record.sequenceNumber);
      expect(numbers).toEqual(range(500).map(sequenceNumber));
    });

    test('keeps what was kept although the caller changes its bytes afterwards', async () => {
      const arrivedAt = ownDay();
      const data = bytesOf('kept');
      await harness().quarantine.keep([quarantinedRecord({ arrivedAt, data })]);
      data.fill(0);
      const [kept] = await listDay(arrivedAt, 1);
      expect(Buffer.from(kept!.record.data).toString()).toBe('kept');
    });

    test('lists by day of arrival and sequence number, page by page, after a key', async () => {
      const firstDay = ownDay();
      const records = [
        ...range(4).map((n) => quarantinedRecord({ arrivedAt: firstDay, sequenceNumber: sequenceNumber(n + 10) })),
        ...range(3).map((n) => quarantinedRecord({ arrivedAt: firstDay + DAY, sequenceNumber: sequenceNumber(n) })),
      ];
      await harness().quarantine.keep(records.toReversed());
      await listDay(firstDay + DAY, 3);
      const keys = records.map(({ record }) => formatQuarantineKey(record));
      const beforeFirst = dayOf(firstDay);
      for (const limit of [1, 3, 7]) {
        const seen: string[] = [];
        while (seen.length < keys.length) {
          const page = await harness().quarantine.list({ after: seen.at(-1) ?? beforeFirst, limit });
          const listed = page.records.map(({ record }) => formatQuarantineKey(record));
          expect(listed.length).toBeLessThanOrEqual(limit);
          expect(listed).not.toEqual([]);
          seen.push(...listed);
        }
        expect(seen.slice(0, keys.length)).toEqual(keys);
      }
    });

    test('lists the records of a prefix only, and says whether more of them follow', async () => {
      const day = ownDay();
      const nextDay = day + DAY;
      await harness().quarantine.keep([
        ...range(3).map((n) => quarantinedRecord({ arrivedAt: day, sequenceNumber: sequenceNumber(n) })),
        quarantinedRecord({ arrivedAt: nextDay, sequenceNumber: sequenceNumber(9) }),
      ]);
      expect(await listDay(day, 3)).toHaveLength(3);
      const list = harness().quarantine.list.bind(harness().quarantine);
      expect(await list({ prefix: dayOf(day), limit: 2 })).toMatchObject({ more: true });
      expect(await list({ prefix: dayOf(day), limit: 3 })).toMatchObject({ more: false });
    });
  });
}
