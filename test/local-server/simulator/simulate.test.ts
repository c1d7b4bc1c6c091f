import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SimulateOptions } from '../../../local-server/simulator/options.ts';
import { type Progress, simulate } from '../../../local-server/simulator/simulate.ts';
import { splitLines, StubServer } from './stub-server.ts';

let server: StubServer;
beforeEach(async () => {
  server = new StubServer();
  await server.start();
});
afterEach(() => server.stop());

function options(changed: Partial<SimulateOptions> = {}): SimulateOptions {
  return {
    url: server.url,
    transport: { type: 'http' },
    source: { type: 'fleet', devices: 10, start: Date.UTC(2026, 0, 15) },
    rate: 0,
    durationSeconds: 0,
    count: 3_000,
    seed: 1,
    faults: 0.2,
    verify: 'auto',
    ...changed,
  };
}

/** Requests wait at the server until the function is called that this returns. */
function closeGate(): () => void {
  let open: () => void = () => undefined;
  server.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a simulation', () => {
  test('sends its plan, counts the answers and finds everything in the archive, in order', async () => {
    const { counts, verification, failure } = await simulate(options());
    const { byKind, total } = counts;
    expect(failure).toBeUndefined();
    expect(total).toMatchObject({ planned: 3_000, sent: 3_000, accepted: 3_000 - byKind.bad.planned });
    expect(byKind.bad.planned).toBeGreaterThan(0);
    expect(byKind.bad.refused).toBe(byKind.bad.planned);
    expect(verification).toEqual({
      behind: [],
      archived: total.accepted,
      lost: { count: 0, first: [] },
      unannounced: 0,
      repeats: 0,
      duplicates: 0,
      outOfOrder: 0,
    });
  });

  test('of the same seed comes to the same counts, under another name', async () => {
    const first = await simulate(options());
    const second = await simulate(options());
    expect(second.counts).toEqual(first.counts);
    expect(second.run).not.toBe(first.run);
  });

  test('has a few requests in flight, and never more', async () => {
    const open = closeGate();
    const running = simulate(options({ source: { type: 'fleet', devices: 100 } }));
    await until(() => server.inFlight === 4);
    open();
    await running;
    expect(server.mostInFlight).toBe(4);
  });

  test('reports what the server accepted and lost', async () => {
    const losing = simulate(options({ faults: 0 }), {
      onProgress: ({ phase }) => {
        if (phase === 'sent') server.objects.delete([...server.objects.keys()].sort()[0]!);
      },
    });
    const { verification } = await losing;
    expect(verification!.lost.count).toBeGreaterThan(0);
    expect(verification!.lost.first).toHaveLength(Math.min(10, verification!.lost.count));
  });

  test('stops when asked, waits for what is in flight, and verifies that', async () => {
    const stop = new AbortController();
    const open = closeGate();
    const running = simulate(options({ count: 1_000_000, faults: 0 }), { signal: stop.signal });
    await until(() => server.inFlight > 0);
    stop.abort();
    open();
    const { counts, verification } = await running;
    expect(counts.total.accepted).toBe(counts.total.sent);
    expect(counts.total.sent).toBe(server.bodies.flatMap(splitLines).length);
    expect(verification).toMatchObject({ archived: counts.total.accepted, lost: { count: 0 } });
  });

  test('that was stopped before it began sends nothing', async () => {
    const { counts } = await simulate(options(), { signal: AbortSignal.abort() });
    expect(counts.total.sent).toBe(0);
  });

  test('retries what the server puts off, and counts that', async () => {
    server.refusals.push({ status: 503 });
    const { counts, verification } = await simulate(options({ count: 10 }));
    expect(counts.retries).toBe(1);
    expect(verification).toMatchObject({ lost: { count: 0 }, unannounced: 0 });
  });

  test('reports what it reached when the server refuses for good', async () => {
    server.refusals.push({ status: 404 });
    const phases: Progress['phase'][] = [];
    const { failure, counts, verification } = await simulate(options({ count: 10 }), {
      onProgress: ({ phase }) => phases.push(phase),
    });
    expect(failure!.message).toMatch(/answered 404/);
    expect(counts.total.accepted + counts.total.refused).toBeLessThan(10);
    expect(verification).toBeUndefined();
    expect(phases).toEqual(['sent']);
  });

  test('says at once when nothing answers', async () => {
    await server.stop();
    await expect(simulate(options())).rejects.toThrow(
      /^nothing answers at http:.*ECONNREFUSED.*is the server running\?$/,
    );
  });

  test('does not verify where the server cannot tell, unless that was asked for', async () => {
    server.healthy = false;
    expect((await simulate(options({ count: 10 }))).verification).toBeUndefined();
    await expect(simulate(options({ verify: 'always' }))).rejects.toThrow(/^cannot verify/);
  });
});
