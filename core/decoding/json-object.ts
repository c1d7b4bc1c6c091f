/**
 * One reading as JSON, `{"sensorid", "value", "timestamp"?, "unit"?}`: the contract of 2015 (`core/reading.ts`). A topic names
 * the sensor where the object does not. A bare number under a topic is a reading too, as simple devices publish it.
 */
import { checkReading, parseReading } from '../reading.ts';
import type { Content } from './content.ts';
import type { Decoded, Decoder, Envelope } from './decoded.ts';
import { sensorOfTopic } from './topic.ts';

export const jsonObject: Decoder = {
  format: 'json',

  // An object with a value is meant as one reading, whatever else it has.
  recognises: (content, { topic }) =>
    content.object === undefined
      ? topic !== undefined && typeof content.json === 'number'
      : hasMember(content.object, 'value'),

  decode(content, envelope) {
    const { object, json } = content;
    const sensorId = sensorOfTopic(envelope.topic);
    if (object === undefined)
      return oneReading(checkReading({ sensorid: sensorId, value: json }, envelope.arrivedAt, content.written));
    const isNamed = hasMember(object, 'sensorid') || hasMember(object, 'sensorId');
    if (isNamed || sensorId === undefined) return readContract(content, envelope);
    return oneReading(checkReading({ ...object, sensorid: sensorId }, envelope.arrivedAt, content.written));
  },
};

/** What the contract says of the content, whatever it is. */
export function readContract(content: Content, { arrivedAt }: Envelope): Decoded {
  const { json, bytes } = content;
  return oneReading(
    json === undefined ? parseReading(bytes, arrivedAt) : checkReading(json, arrivedAt, content.written),
  );
}

function oneReading(part: Decoded['parts'][number]): Decoded {
  return { format: 'json', parts: [part], leftOut: 0 };
}

function hasMember(object: object, name: string): boolean {
  return Object.hasOwn(object, name);
}
