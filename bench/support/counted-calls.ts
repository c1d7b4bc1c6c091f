/** The calls that readings take, what one of each may carry, and a count of them. */
import { MAX_PAYLOAD_BYTES } from '../../core/event-source-mapping/payload-limit.ts';

export const calls = [
  'DynamoDB BatchWriteItem',
  'CloudWatch PutMetricData',
  'S3 PutObject',
  'Lambda invocation',
] as const;
export type Call = (typeof calls)[number];
export type ByCall<Value> = Readonly<Record<Call, Value>>;

export function byCall<Value>(valueOf: (call: Call) => Value): Record<Call, Value> {
  return Object.fromEntries(calls.map((call) => [call, valueOf(call)])) as Record<Call, Value>;
}

/** What one call may carry: items of the table, data, objects or records, and bytes before they are compressed. */
export const limits: ByCall<{ readonly items: number; readonly bytes: number }> = {
  'DynamoDB BatchWriteItem': { items: 25, bytes: 16 * 2 ** 20 },
  'CloudWatch PutMetricData': { items: 1_000, bytes: 1_000_000 },
  'S3 PutObject': { items: 1, bytes: 5 * 2 ** 30 },
  'Lambda invocation': { items: 10_000, bytes: MAX_PAYLOAD_BYTES },
};

interface Tally {
  readonly calls: number;
  readonly items: number;
  /** Of the bodies as they are sent. */
  readonly bytes: number;
}

export class CallCounter {
  readonly #tallies = byCall<Tally>(() => ({ calls: 0, items: 0, bytes: 0 }));
  /** Of the first call that a service would have refused. */
  #problem: string | undefined;

  /** @param plain The body before it was compressed. */
  add(call: Call, items: number, body: Uint8Array, plain = body): void {
    const { calls, items: itemsBefore, bytes } = this.#tallies[call];
    this.#tallies[call] = { calls: calls + 1, items: itemsBefore + items, bytes: bytes + body.byteLength };
    const most = limits[call];
    if (items > most.items || plain.byteLength > most.bytes) {
      this.refuse(`${call} does not take ${items} items in ${plain.byteLength} bytes`);
    }
  }

  /** Does not throw, since an adapter would try the call again: `tallies` does. */
  refuse(problem: string): void {
    this.#problem ??= problem;
  }

  /** @throws Error where a service would have refused a call. */
  tallies(): ByCall<Tally> {
    if (this.#problem !== undefined) throw new Error(this.#problem);
    return this.#tallies;
  }
}
