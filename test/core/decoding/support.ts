import { NodeCompression } from '../../../adapters/node/node-compression.ts';
import { decode, reasonsOf } from '../../../core/decoding/decode.ts';
import type { Decoded } from '../../../core/decoding/decoded.ts';
import { describeReasons, type SensorReading } from '../../../core/reading.ts';

const arrivedAt = Date.UTC(2026, 10, 25, 17, 45, 30, 123);
export const arrival = '2026-11-25T17:45:30.123Z';

export function decoded(content: string | Uint8Array, topic?: string): Decoded {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return decode(bytes, { arrivedAt, ...(topic !== undefined && { topic }) }, new NodeCompression());
}

export function decodedJson(json: unknown, topic?: string): Decoded {
  return decoded(JSON.stringify(json), topic);
}

/** The readings; there is nothing else in it. */
export function readingsOf(from: Decoded): SensorReading[] {
  return from.parts.map((part) => {
    if (!part.ok) throw new Error(describeReasons(part.reasons));
    return part.reading;
  });
}

/** `sensor=value` of each reading. */
export function brief(from: Decoded): string[] {
  return readingsOf(from).map(
    ({ sensorId, value, unit }) => `${sensorId}=${value}${unit === undefined ? '' : ` ${unit}`}`,
  );
}

export function refusalOf(from: Decoded): string {
  return describeReasons(reasonsOf(from));
}
