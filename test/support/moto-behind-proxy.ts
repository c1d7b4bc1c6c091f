/** moto_server behind the fault proxy, for the tests of one `describe`: every test is held to the limits of AWS. */
import { afterAll, afterEach, beforeAll, expect, jest } from '@jest/globals';
import { behindProxy, type EngineBehindProxy } from './engine-behind-proxy.ts';
import type { LimitCheck } from './fault-proxy/fault-proxy.ts';
import { MOTO_START_MILLIS, type MotoClientOptions, startMoto } from './moto.ts';

interface Client {
  destroy(): void;
}

export interface MotoBehindProxy<C extends Client> extends Pick<EngineBehindProxy, 'proxy'> {
  /** Speaks to the proxy. */
  readonly client: C;
}

/**
 * @param executable The path of moto_server.
 * @param createClient Gets what leads to the proxy.
 * @returns What is there while tests run.
 */
export function useMotoBehindProxy<C extends Client>(
  executable: string,
  limits: readonly LimitCheck[],
  createClient: (options: MotoClientOptions) => C,
): () => MotoBehindProxy<C> {
  // A suite of many calls shares the machine with the engine.
  jest.setTimeout(MOTO_START_MILLIS);
  let engine: (EngineBehindProxy & MotoBehindProxy<C>) | undefined;

  beforeAll(async () => {
    const moto = await startMoto(executable);
    const started = await behindProxy({ url: moto.url, close: () => moto.stop() }, limits);
    engine = { ...started, client: createClient({ ...moto.clientOptions, endpoint: started.url }) };
  });

  afterEach(() => {
    if (engine === undefined) return;
    const { proxy } = engine;
    const violations = proxy.violations.splice(0);
    proxy.rules = [];
    proxy.calls.splice(0);
    expect(violations).toEqual([]);
  });

  afterAll(async () => {
    engine?.client.destroy();
    await engine?.close();
  });

  return () => {
    if (engine === undefined) throw new Error('the engine is there only while tests run');
    return engine;
  };
}
