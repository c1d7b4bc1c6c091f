/**
 * What the fleet puts on the wire: `{"sensorid","value","timestamp","sim":{"run","n","sentAt"}}`. The stamps in `sim` let
 * anyone who reads the archive count loss, duplicates, order and latency: `n` numbers the readings of a run from 0
 * without gaps, a duplicate repeats the number of its original, and what is no reading carries none.
 *
 * A payload never holds a line feed: over HTTP it is one line of NDJSON, whatever its bytes are.
 */
export interface SimulatedReading {
  readonly sensorId: string;
  /** A string with the digits of a number is sent as that number, digit by digit; every other string as text. */
  readonly value: number | string;
  readonly timestamp: string;
  /** Where in a file it was. */
  readonly place?: { readonly line: number; readonly column: string };
}

/** In which way a bad payload is no reading. */
export const flaws = [
  'not JSON',
  'truncated',
  'invalid UTF-8',
  'no sensor id',
  'value is text',
  'value is null',
  'bad timestamp',
] as const;
type Flaw = (typeof flaws)[number];

export const payloadKinds = ['plain', 'bad', 'duplicate', 'late', 'out-of-order'] as const;
export type PayloadKind = (typeof payloadKinds)[number];

interface Planned {
  /** Position in the plan, from 0. */
  readonly index: number;
  /** For a bad payload the reading that it would have been; its sensor id is the partition key. */
  readonly reading: SimulatedReading;
}

export type PlannedPayload =
  | (Planned & { readonly kind: Exclude<PayloadKind, 'bad'>; readonly n: number })
  | (Planned & { readonly kind: 'bad'; readonly flaw: Flaw });

export interface Stamps {
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/** The bytes of a payload: the same plan and stamps give the same bytes. */
export function encodePayload(payload: PlannedPayload, { run, sentAt }: Stamps): Uint8Array {
  const { sensorId, value, timestamp } = payload.reading;
  if (payload.kind !== 'bad') {
    return readingJson(payload.reading, { run, n: payload.n, sentAt });
  }
  const sim = { run, sentAt };
  switch (payload.flaw) {
    case 'not JSON':
      return Buffer.from(`${JSON.stringify(sensorId)} = ${jsonValue(value)}`);
    case 'truncated': {
      const whole = readingJson(payload.reading, sim);
      return whole.subarray(0, whole.length >> 1);
    }
    case 'invalid UTF-8': {
      // A device that writes its degree sign in Latin-1.
      const rest = readingJson(payload.reading, sim).subarray(1);
      return Buffer.concat([Buffer.from('{"unit":"'), Buffer.of(0xb0), Buffer.from('C",'), rest]);
    }
    case 'no sensor id':
      return json({ value, timestamp, sim }); // Digits do not matter in what is refused.
    case 'value is text':
      return json({ sensorid: sensorId, value: 'abc', timestamp, sim });
    case 'value is null':
      return json({ sensorid: sensorId, value: null, timestamp, sim });
    case 'bad timestamp':
      return json({ sensorid: sensorId, value, timestamp: '2015-02-30T25:61:00Z', sim });
  }
}

/** The stamps in what a device sent, as the archive gives it back; undefined where no run is named. */
export function readStamps(
  data: unknown,
): { readonly run: string; readonly n?: number; readonly sentAt?: number } | undefined {
  const { run, n, sentAt } = (data as { sim?: Partial<Record<'run' | 'n' | 'sentAt', unknown>> } | null)?.sim ?? {};
  if (typeof run !== 'string') return undefined;
  return {
    run,
    ...(typeof n === 'number' && Number.isSafeInteger(n) && { n }),
    ...(typeof sentAt === 'number' && { sentAt }),
  };
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function jsonValue(value: number | string): string {
  return typeof value === 'string' && jsonNumber.test(value) ? value : JSON.stringify(value);
}

function readingJson({ sensorId, value, timestamp }: SimulatedReading, sim: object): Buffer {
  const [id, time, stamps] = [sensorId, timestamp, sim].map((part) => JSON.stringify(part));
  return Buffer.from(`{"sensorid":${id},"value":${jsonValue(value)},"timestamp":${time},"sim":${stamps}}`);
}

function json(content: unknown): Buffer {
  return Buffer.from(JSON.stringify(content));
}
