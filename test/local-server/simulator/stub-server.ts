import Fastify from 'fastify';
import { archiveLineText } from '../../support/archive-line-text.ts';
import { describeReasons, parseReading } from '../../../core/reading.ts';

export interface Refusal {
  readonly status: number;
  readonly body?: unknown;
}

/** The part of the server that the simulator talks to: takes readings, archives each request as an object. */
export class StubServer {
  url = '';
  /** Archived objects by key; a test may take some away. */
  readonly objects = new Map<string, string>();
  /** Bodies of `POST /readings`, in the order of arrival. */
  readonly bodies: Buffer[] = [];
  /** Answers for the next requests, in place of taking the readings. */
  readonly refusals: Refusal[] = [];
  /** Held back until this resolves. */
  gate: Promise<void> = Promise.resolve();
  /** Records that the one consumer has not read, for each time it is asked; then 0. */
  readonly behind: number[] = [];
  healthy = true;
  inFlight = 0;
  mostInFlight = 0;
  /** Of the next record. */
  sequenceNumber = 10n ** 55n;
  readonly #app = Fastify();

  constructor() {
    this.#app.addContentTypeParser('application/x-ndjson', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    this.#app.get('/health', (_request, reply) => reply.code(this.healthy ? 200 : 503).send({}));
    this.#app.get('/pipeline', () => ({
      stream: { name: 'iot', extra: true },
      mappings: [
        {
          name: 'archive',
          oldestRecordAgeMillis: 0,
          shards: [{ shardId: 'shard-0', recordsBehind: this.behind.shift() ?? 0, more: 'fields' }],
        },
      ],
    }));
    this.#app.get<{ Querystring: { prefix: string; after?: string; limit: string } }>('/archive', ({ query }) => ({
      objects: [...this.objects.keys()]
        .filter((key) => key.startsWith(query.prefix) && key > (query.after ?? ''))
        .sort()
        .slice(0, Number(query.limit))
        .map((key) => ({ key, size: 1 })),
    }));
    this.#app.get<{ Params: { '*': string } }>('/archive/*', ({ params }, reply) =>
      reply.type('application/x-ndjson').send(this.objects.get(params['*'])),
    );
    this.#app.post<{ Body: Buffer }>('/readings', async ({ body }, reply) => {
      this.bodies.push(body);
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      await this.gate;
      this.inFlight--;
      const refusal = this.refusals.shift();
      if (refusal !== undefined) return reply.code(refusal.status).send(refusal.body ?? {});
      const { status, ...receipt } = this.take(body);
      return reply.code(status).send(receipt);
    });
  }

  async start(): Promise<void> {
    this.url = await this.#app.listen({ port: 0, host: '127.0.0.1' });
  }

  async stop(): Promise<void> {
    this.#app.server.closeAllConnections();
    await this.#app.close();
  }

  /** Puts the lines of a body into the archive, as one object. */
  take(body: Buffer, arrivedAt = Date.now()) {
    const rejected: { index: number; reason: string; reasons: readonly unknown[] }[] = [];
    const records: { sequenceNumber: string; shardId: string }[] = [];
    const lines: string[] = [];
    splitLines(body).forEach((data, index) => {
      const result = parseReading(data, arrivedAt);
      if (!result.ok) {
        rejected.push({ index, reason: describeReasons(result.reasons), reasons: result.reasons });
        return;
      }
      const record = { sequenceNumber: String(this.sequenceNumber++), shardId: 'shard-0' };
      records.push(record);
      lines.push(archiveLineText({ ...record, partitionKey: result.reading.sensorId, data, arrivedAt }));
    });
    const [first, last] = [records.at(0), records.at(-1)];
    if (first === undefined || last === undefined) return { status: 422, rejected };
    // As keys were before the shard was in them: the simulator reads both.
    const bounds = [...new Set([first.sequenceNumber, last.sequenceNumber])].join('-');
    this.objects.set(`${new Date(arrivedAt).toISOString().slice(0, 10)}/${bounds}.ndjson.gz`, `${lines.join('\n')}\n`);
    return { status: 202, accepted: records.length, rejected, records };
  }
}

/** Without the text's own idea of what a line is: the bytes need not be UTF-8. */
export function splitLines(body: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0, end = body.indexOf(10); end >= 0; start = end + 1, end = body.indexOf(10, start)) {
    lines.push(body.subarray(start, end));
  }
  return lines;
}
