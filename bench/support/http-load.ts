/** Requests over connections that stay open, each sent when the one before it is answered, with as little work as can be. */
import { Agent, request } from 'node:http';

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The status that every answer must have. */
  readonly status: number;
}

export class HttpLoad {
  readonly #agent: Agent;
  readonly #connections: number;

  constructor(connections: number) {
    this.#connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Sends every body once, in order over all connections. @returns Seconds from the first request to the last answer. */
  async send(target: Target, bodies: readonly Buffer[]): Promise<number> {
    const left = bodies.values();
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: this.#connections }, async () => {
        for (const body of left) await this.post(target, body);
      }),
    );
    return (performance.now() - startedAt) / 1_000;
  }

  /** @throws Error where the answer has another status. */
  post({ url, headers, status }: Target, body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent: this.#agent, headers: { ...headers, 'content-length': body.length } };
      const outgoing = request(url, options, (answer) => {
        let text = '';
        if (answer.statusCode === status) answer.resume();
        else answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.once('end', () => {
          if (answer.statusCode === status) resolve();
          else reject(new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 300)}`));
        });
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
