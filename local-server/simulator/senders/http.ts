import { SimulationFailed } from '../errors.ts';
import {
  authorization,
  describeFailure,
  endpoint,
  fetchFrom,
  NEEDS_TOKEN,
  type ServerAddress,
} from '../http-client.ts';
import { type Answer, deliver, type RetryPolicy } from './delivery.ts';
import type { Message, Outcome, RequestLimits, Sender } from './sender.ts';

/** The answer of `POST /readings`; of the readings that were accepted, `records` has one each, in their order. */
interface Receipt {
  readonly rejected: readonly {
    readonly index: number;
    readonly reason: string;
    /** Empty where nothing is wrong with the reading: the stream did not take it this time. */
    readonly reasons?: readonly unknown[];
  }[];
  /** With its index where `rejected` lists only some: what can be sent again is always listed. */
  readonly records: readonly { readonly index?: number; readonly sequenceNumber: string; readonly shardId: string }[];
  /** More than `rejected` has where not all are listed. */
  readonly rejectedCount?: number;
}

const lineFeed = Buffer.from('\n');
/** A server that takes longer is stuck; the request is tried again, which may leave duplicates. */
const TIMEOUT_MILLIS = 30_000;

/** `POST /readings` with NDJSON, a payload per line, its bytes as they are. */
export class HttpSender implements Sender {
  readonly limits: RequestLimits = { maxItems: 500, maxBytes: 512 * 1_024, bytesOf: ({ data }) => data.length + 1 };
  readonly #server: ServerAddress;
  readonly #url: string;
  readonly #retry: RetryPolicy;

  constructor(server: ServerAddress, retry: RetryPolicy) {
    this.#server = server;
    this.#url = endpoint(server, '/readings');
    this.#retry = retry;
  }

  send(messages: readonly Message[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return deliver(messages, (open) => this.#post(open), this.#retry, signal);
  }

  async #post(messages: readonly Message[]): Promise<readonly Answer[]> {
    let status: number;
    let text: string;
    try {
      const response = await (
        await fetchFrom(this.#server)
      )(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...authorization(this.#server) },
        body: Buffer.concat(messages.flatMap(({ data }) => [data, lineFeed])),
        signal: AbortSignal.timeout(TIMEOUT_MILLIS),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      return messages.map(() => ({ retry: `${this.#url}: ${describeFailure(error)}` }));
    }
    const problem = `${this.#url} answered ${status}: ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
    if (status === 401) throw new SimulationFailed(`${this.#url} answered 401: ${NEEDS_TOKEN}`);
    if (status === 429 || status >= 500) return messages.map(() => ({ retry: problem }));
    const answers = status === 202 || status === 422 ? readReceipt(text, messages.length) : undefined;
    if (answers === undefined) throw new SimulationFailed(problem);
    return answers;
  }
}

/** An answer per reading sent; undefined where the text does not give one for each. */
function readReceipt(text: string, sent: number): readonly Answer[] | undefined {
  const receipt = parseReceipt(text);
  if (receipt === undefined) return undefined;
  const rejected = new Map(receipt.rejected.map((rejection) => [rejection.index, rejection]));
  if (receipt.records.length + (receipt.rejectedCount ?? rejected.size) !== sent) return undefined;
  const byIndex = new Map(receipt.records.map((record) => [record.index, record]));
  const records = receipt.records.values();
  const answers: Answer[] = [];
  let used = 0;
  for (let index = 0; index < sent; index++) {
    const rejection = rejected.get(index);
    if (rejection === undefined) {
      const record = byIndex.get(index) ?? (byIndex.has(undefined) ? records.next().value : undefined);
      if (record === undefined) {
        answers.push({ accepted: false, reason: 'rejected; the server listed only the first reasons' });
        continue;
      }
      used += 1;
      answers.push({ accepted: true, shardId: record.shardId, sequenceNumber: record.sequenceNumber });
    } else if (rejection.reasons?.length === 0) answers.push({ retry: rejection.reason });
    else answers.push({ accepted: false, reason: rejection.reason });
  }
  return used === receipt.records.length ? answers : undefined;
}

/** A 422, where nothing was taken, has no `records`. */
function parseReceipt(text: string): Receipt | undefined {
  try {
    const { rejected, records = [], rejectedCount } = JSON.parse(text) as Partial<Receipt>;
    return Array.isArray(rejected)
      ? { rejected, records, ...(rejectedCount !== undefined && { rejectedCount }) }
      : undefined;
  } catch {
    return undefined;
  }
}
