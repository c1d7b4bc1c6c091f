/** An engine with the fault proxy before it; what a client does over its address is held to the limits of AWS. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { type ClientOptions, clientOptions } from '../../adapters/aws/client-options.ts';
import { engineCredentials, type EngineServer } from './engine-server.ts';
import { type FaultProxy, type LimitCheck, startFaultProxy } from './fault-proxy/fault-proxy.ts';

export interface EngineBehindProxy {
  /** Address of the proxy. */
  readonly url: string;
  readonly proxy: FaultProxy;
  /** Stops both. @throws Error where a call broke a limit. */
  close(): Promise<void>;
}

export async function behindProxy(engine: EngineServer, limits: readonly LimitCheck[]): Promise<EngineBehindProxy> {
  const proxy = await startFaultProxy({ target: engine.url, limits });
  return {
    url: proxy.url,
    proxy,
    close: async () => {
      await proxy.close();
      await engine.close();
      if (proxy.violations.length > 0) throw new Error(`calls over the limits: ${proxy.violations.join(', ')}`);
    },
  };
}

interface Client {
  destroy(): void;
}

export interface EngineClients<C extends Client> {
  readonly proxy: FaultProxy;
  /** Waits for an engine that is slow because the machine is busy. */
  readonly client: C;
  /** Gives up a connection that hangs, soon enough for a test. */
  readonly hasty: C;
}

/** An engine and clients of it for the tests of one file, each of which begins without rules and without calls. */
export function useEngineBehindProxy<C extends Client>(options: {
  readonly start: () => Promise<EngineServer>;
  readonly limits: readonly LimitCheck[];
  readonly createClient: (options: ClientOptions & typeof engineCredentials) => C;
  /** What the tests find in the engine. */
  readonly prepare?: (client: C) => Promise<void>;
}): () => EngineClients<C> {
  let clients: EngineClients<C> | undefined;
  let close: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const engine = await behindProxy(await options.start(), options.limits);
    close = () => engine.close();
    const create = (requestTimeoutMillis: number): C =>
      options.createClient({
        ...clientOptions({ endpoint: engine.url, requestTimeoutMillis }),
        ...engineCredentials,
      });
    clients = { proxy: engine.proxy, client: create(20_000), hasty: create(40) };
    await options.prepare?.(clients.client);
    clients.proxy.calls.splice(0);
  });

  afterEach(() => {
    const { proxy } = current();
    proxy.rules = [];
    proxy.calls.splice(0);
    expect(proxy.violations).toEqual([]);
  });

  afterAll(async () => {
    clients?.client.destroy();
    clients?.hasty.destroy();
    await close?.();
  });

  function current(): EngineClients<C> {
    if (clients === undefined) throw new Error('the engine is there only while tests run');
    return clients;
  }
  return current;
}
