/** A server that runs in this process, on a free port of loopback: an engine, or the fault proxy before one. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What every client of an engine takes, explicitly: no environment of the machine leaks into a test. */
export const engineCredentials = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
} as const;

export interface EngineServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The server keeps idle connections. Node closes them after 5 s, and a busy test can hold this process for longer: then the
 * client sends on a connection that the server closes in the same turn, and gets `socket hang up`.
 */
export async function listen(server: Server): Promise<EngineServer> {
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
