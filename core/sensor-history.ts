/** Use case: the history of one sensor, newest first unless asked otherwise, page by page. */
import { InvalidRequest } from './errors.ts';
import { formatHistoryCursor, parseHistoryCursor } from './history-cursor.ts';
import { formatMoment } from './moment.ts';
import type { Clock, EpochMillis, SensorDataTable, StoredReading } from './ports.ts';
import { placeOf } from './reading-key.ts';
import { placesBetween } from './reading-range.ts';
import { sensorIdProblem } from './sensor-id.ts';
import { readSentTime } from './sent-time.ts';

export const DEFAULT_HISTORY_LIMIT = 20;
export const MAX_HISTORY_LIMIT = 1_000;

/** As it comes from outside: text of a query string or JSON of an invocation, not yet checked. */
export interface HistoryRequest {
  readonly sensorId?: unknown;
  /** What `readSentTime` reads, inclusive; likewise `to`. An end in milliseconds means the whole millisecond. */
  readonly from?: unknown;
  readonly to?: unknown;
  /** 1–1,000, 20 if not given. */
  readonly limit?: unknown;
  /** `desc` (newest first, if not given) or `asc`. */
  readonly order?: unknown;
  /** `nextCursor` of the page before. */
  readonly cursor?: unknown;
}

export interface HistoryPage {
  readonly sensorId: string;
  readonly readings: readonly StoredReading[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export class SensorHistory {
  readonly #table: SensorDataTable;
  readonly #clock: Clock;

  constructor(table: SensorDataTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** @throws InvalidRequest naming the parameter that is wrong; StoreUnavailable where the table does not answer now. */
  async read(request: HistoryRequest): Promise<HistoryPage> {
    const sensorId = checkSensorId(request.sensorId);
    const order = checkOrder(request.order);
    const limit = checkLimit(request.limit);
    const now = this.#clock.now();
    const from = checkTime('from', request.from, now);
    const to = checkTime('to', request.to, now);
    const { first, last: end } = placesBetween(from, to);
    if (first > end) throw new InvalidRequest('from', `is ${from}, which is after to (${to})`);
    const after = given(request.cursor) ? parseHistoryCursor(request.cursor, { sensorId, order }) : undefined;

    const { readings, more } = await this.#table.query({
      sensorId,
      order,
      limit,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(after !== undefined && { after }),
    });
    const last = readings.at(-1);
    if (!more || last === undefined) return { sensorId, readings };
    return { sensorId, readings, nextCursor: formatHistoryCursor({ sensorId, order, place: placeOf(last) }) };
  }
}

/** Devices and forms send empty fields for what was not filled in. */
function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function checkSensorId(seen: unknown): string {
  if (typeof seen !== 'string') throw new InvalidRequest('sensorId', 'must be a string');
  const problem = sensorIdProblem(seen);
  if (problem !== undefined) throw new InvalidRequest('sensorId', problem);
  return seen;
}

function checkOrder(seen: unknown): 'asc' | 'desc' {
  if (!given(seen)) return 'desc';
  if (seen === 'asc' || seen === 'desc') return seen;
  throw new InvalidRequest('order', 'must be asc (oldest first) or desc (newest first)');
}

function checkLimit(seen: unknown): number {
  if (!given(seen)) return DEFAULT_HISTORY_LIMIT;
  const limit = typeof seen === 'number' ? seen : typeof seen === 'string' && /^\d+$/.test(seen) ? Number(seen) : NaN;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_HISTORY_LIMIT) return limit;
  throw new InvalidRequest('limit', `must be a whole number from 1 to ${MAX_HISTORY_LIMIT}`);
}

/** @throws InvalidRequest naming the parameter, where a time was sent that is none. */
function checkTime(field: string, sent: unknown, now: EpochMillis): string | undefined {
  if (!given(sent)) return undefined;
  const time = readSentTime(sent, now);
  if (time.ok) return formatMoment(time);
  // In a query string a + is a space, so that `…T10:00:00+01:00` arrives broken.
  const hint = typeof sent === 'string' && / \d\d:?\d\d$/.test(sent) ? ' (write the + of an offset as %2B)' : '';
  throw new InvalidRequest(field, `${time.rule}${hint}`);
}
