/** Partial failures of BatchWriteItem, and its documented limits, of which emulators hold callers to a few. */
import { jsonAnswer, jsonError, jsonOf } from './answer.ts';
import type { Action, LimitCheck, Violation } from './fault-proxy.ts';

const MAX_ITEMS = 25;
/** DynamoDB's KB and MB are powers of two (Constraints in the Developer Guide). */
const MAX_ITEM_BYTES = 400 * 1_024;
const MAX_REQUEST_BYTES = 16 * 1_048_576;

type AttributeValue = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, AttributeValue>>;
interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}
type RequestItems = Readonly<Record<string, readonly WriteRequest[]>>;
interface BatchWriteRequest {
  readonly RequestItems: RequestItems;
}

/**
 * BatchWriteItem that leaves some items to the caller in `UnprocessedItems`; the others reach the engine.
 * @param isLeft Asked once per item, in order.
 */
export function leaveUnprocessed(isLeft: (index: number) => boolean): Action {
  return async (call, forward) => {
    const request = jsonOf(call) as BatchWriteRequest;
    let index = 0;
    const left: Record<string, WriteRequest[]> = {};
    const kept: Record<string, WriteRequest[]> = {};
    for (const [table, writes] of Object.entries(request.RequestItems)) {
      for (const write of writes) {
        const side = isLeft(index++) ? left : kept;
        (side[table] ??= []).push(write);
      }
    }
    // All of them is a call that is throttled as a whole.
    if (Object.keys(kept).length === 0) {
      return jsonError(400, 'ProvisionedThroughputExceededException', 'Throughput exceeded by the fault proxy.');
    }
    const answer = await forward(Buffer.from(JSON.stringify({ ...request, RequestItems: kept })));
    return answer.status === 200 ? jsonAnswer({ UnprocessedItems: left }) : answer;
  };
}

/** A Query whose pages end after so many items, as those of 1 MB do. */
export function shortPages(items: number): Action {
  return (call, forward) => {
    const request = jsonOf(call) as { readonly Limit?: number };
    const Limit = Math.min(items, request.Limit ?? items);
    return forward(Buffer.from(JSON.stringify({ ...request, Limit })));
  };
}

/**
 * BatchWriteItem in the DynamoDB API Reference: at most 25 writes, none twice for the same key, 400 KB an item, 16 MB a
 * request.
 * @param keyAttributes The primary key of the tables.
 */
export function batchWriteLimits(keyAttributes: readonly string[]): LimitCheck {
  return (call) => {
    if (call.service !== 'dynamodb' || call.operation !== 'BatchWriteItem') return undefined;
    const tables = Object.entries((jsonOf(call) as BatchWriteRequest).RequestItems);
    const count = tables.reduce((sum, [, writes]) => sum + writes.length, 0);
    if (count < 1 || count > MAX_ITEMS) return refusal(`${count} items in a request`);
    if (call.body.length > MAX_REQUEST_BYTES) return refusal(`${call.body.length} bytes in a request`);
    for (const [, writes] of tables) {
      const items = writes.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {});
      const keys = new Set(items.map((item) => JSON.stringify(keyAttributes.map((name) => item[name]))));
      if (keys.size < items.length) return refusal('Provided list of item keys contains duplicates');
      const largest = Math.max(...items.map(bytesOf));
      if (largest > MAX_ITEM_BYTES) return refusal(`${largest} bytes in an item`);
    }
    return undefined;
  };
}

/** Names and values in UTF-8. Numbers take less in DynamoDB than as text: this errs on the strict side. */
function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) =>
      sum + Buffer.byteLength(name) + Object.values(value).reduce<number>((all, each) => all + textBytes(each), 0),
    0,
  );
}

function textBytes(value: unknown): number {
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
}

function refusal(problem: string): Violation {
  return { problem, answer: jsonError(400, 'ValidationException', problem) };
}
