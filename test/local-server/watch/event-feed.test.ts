import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventFeed } from '../../../local-server/watch/event-feed.ts';
import { readEventFilter } from '../../../local-server/watch/event-filter.ts';
import { EventLog } from '../../../local-server/watch/event-log.ts';
import { EventReader, type ServerSentEvent } from '../../support/server-sent-events.ts';

const hooks = { onWanted: () => undefined, onClose: () => undefined };

interface Missed {
  readonly count: number | null;
  readonly atMost?: number;
  readonly reason: string;
}

/** A client of a feed, without a network in between. */
class Client {
  readonly events: ServerSentEvent[] = [];
  #reader = new EventReader();
  #feed: EventFeed | undefined;

  connect(log: EventLog, query: Parameters<typeof readEventFilter>[0] = {}): void {
    this.#feed = new EventFeed(log, { filter: readEventFilter(query), lastEventId: this.#reader.lastEventId }, hooks);
  }

  /** Reads some chunks, or all that there is. */
  read(chunks = Infinity): void {
    for (let n = 0; n < chunks; n += 1) {
      this.#feed?.advance();
      const chunk = this.#feed?.read() as Buffer | null;
      if (chunk === null) return;
      this.events.push(...this.#reader.read(chunk));
    }
  }

  /** @param share How much of what is in the wire arrives before it is cut. */
  cut(share: number): void {
    const chunk = this.#feed?.read() as Buffer | null;
    if (chunk !== null) this.events.push(...this.#reader.read(chunk.subarray(0, Math.floor(chunk.length * share))));
    this.#feed?.destroy();
    this.#feed = undefined;
    // What is not complete is thrown away, and the id stays.
    const { lastEventId } = this.#reader;
    this.#reader = new EventReader();
    this.#reader.lastEventId = lastEventId;
  }

  beat(): void {
    this.#feed?.beat();
  }

  missed(): Missed[] {
    return this.events.filter(({ type }) => type === 'missed').map(({ data }) => data as Missed);
  }
}

type Step =
  | { readonly type: 'publish'; readonly count: number; readonly size: number }
  | { readonly type: 'skip'; readonly count: number }
  | { readonly type: 'read'; readonly chunks: number }
  | { readonly type: 'cut'; readonly share: number }
  | { readonly type: 'beat' }
  | { readonly type: 'connect' }
  | { readonly type: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('publish' as const), count: fc.nat(40), size: fc.nat(600) }),
  fc.record({ type: fc.constant('skip' as const), count: fc.nat(5) }),
  fc.record({ type: fc.constant('read' as const), chunks: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('cut' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.constant({ type: 'beat' as const }),
  fc.constant({ type: 'connect' as const }),
  fc.constant({ type: 'restart' as const }),
);

test.each([
  ['everything', {}, () => true],
  ['some types', { types: 'archived' }, (n: number) => n % 3 === 0],
] as const)(
  'whatever is cut, a client of %s sees each event once and in order, or is told how many it missed',
  (_name, query, isWanted) => {
    const filtered = 'types' in query;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let log = new EventLog(20_000);
        /** Number of the next event, over all starts of the server. */
        let next = 0;
        const client = new Client();
        const publish = (count: number, size: number) => {
          for (let n = 0; n < count; n += 1, next += 1) {
            log.append(next % 3 === 0 ? 'archived' : 'pipeline', { n: next, padding: 'ü'.repeat(size) });
          }
        };
        client.connect(log, query);
        client.read(1);
        let connected = true;
        for (const now of steps) {
          if (now.type === 'publish') publish(now.count, now.size);
          if (now.type === 'skip') {
            log.skip(now.count);
            next += now.count;
          }
          if (now.type === 'read' && connected) client.read(now.chunks);
          if (now.type === 'beat' && connected) client.beat();
          if (now.type === 'cut' && connected) client.cut(now.share);
          if (now.type === 'restart' && connected) client.cut(1);
          if (now.type === 'restart') log = new EventLog(20_000);
          if (now.type === 'cut' || now.type === 'restart') connected = false;
          if (now.type === 'connect' && !connected) {
            client.connect(log, query);
            connected = true;
          }
        }
        if (!connected) client.connect(log, query);
        client.read();
        publish(3, 0);
        client.read();

        let expected = 0;
        /** How many events may be missing here, as the client was told; NaN after a gap that nobody can size. */
        let gap = 0;
        for (const { type, data } of client.events) {
          if (type === 'alive') continue;
          if (type === 'missed') {
            const { count, atMost } = data as Missed;
            gap += count ?? atMost ?? NaN;
            continue;
          }
          const { n } = data as { readonly n: number };
          expect(n).toBeGreaterThanOrEqual(expected);
          let absent = 0;
          for (let each = expected; each < n; each += 1) if (isWanted(each)) absent += 1;
          if (filtered && gap > 0) expect(absent).toBeLessThanOrEqual(gap);
          else if (!Number.isNaN(gap)) expect(absent).toBe(gap);
          expected = n + 1;
          gap = 0;
        }
        // The last three, which everyone was there for.
        for (let each = expected; each < next; each += 1) expect(isWanted(each)).toBe(false);
      }),
      { numRuns: 300 },
    );
  },
);

test('a client from before a restart is told that nobody can tell what it missed', () => {
  const client = new Client();
  client.connect(new EventLog(1_000));
  client.read();
  client.cut(1);
  const log = new EventLog(1_000);
  log.append('archived', {});
  client.connect(log);
  client.read();
  expect(client.missed()).toEqual([
    { count: null, reason: 'restarted', detail: expect.stringContaining('started again') },
  ]);
});

test('a client that is cut off in front of what it missed is told again', () => {
  const client = new Client();
  client.connect(new EventLog(1_000));
  client.read();
  client.cut(1);
  const log = new EventLog(1_000);
  client.connect(log);
  client.cut(0.2);
  client.connect(log);
  client.read();
  expect(client.missed()).toMatchObject([{ reason: 'restarted' }]);
});

test.each([
  'nonsense',
  'abc-1',
  '0123456789ab-',
  '0123456789ab-1e3',
  '0123456789ab-99999999999999999999',
  '-1',
  '\u0000',
])('an id that no server gave (%j) is answered with a gap of unknown size', (lastEventId) => {
  const feed = new EventFeed(new EventLog(1_000), { lastEventId }, hooks);
  expect(String(feed.read())).toContain('"count":null,"reason":"unknown"');
});

test('an id from the future of this server is unknown too', () => {
  const log = new EventLog(1_000);
  const feed = new EventFeed(log, { lastEventId: log.idOf(7) }, hooks);
  expect(String(feed.read())).toContain('"count":null,"reason":"unknown"');
});

test('a client that stops reading is told that it is dropped, and its place is free soon after', () => {
  const log = new EventLog(1_000_000);
  let isClosed = false;
  const feed = new EventFeed(log, {}, { ...hooks, onClose: () => (isClosed = true) });
  feed.read();
  for (let n = 0; n < 1_000; n += 1) log.append('archived', { n, padding: 'x'.repeat(500) });
  while (feed.advance());
  for (let n = 0; n < 5; n += 1) feed.beat();
  expect(feed.readableEnded || isClosed).toBe(false);
  feed.beat();
  expect(String(feed.read())).toContain('event: dropped');
  feed.beat();
  expect(isClosed).toBe(true);
});
