/** An engine that runs in this process, on a free port of loopback. */
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

export async function listen(server: Server): Promise<EngineServer> {
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
