/**
 * What a rule of AWS IoT Core makes of a message: `{"topic", "clientId"?, "receivedAt"?, "data"}`, with `data` the payload in base64,
 * whatever it is. AWS IoT Developer Guide, "SQL reference": `SELECT encode(*, 'base64') AS data, topic() AS topic, clientid() AS
 * clientId, timestamp() AS receivedAt`; `timestamp()` is in milliseconds.
 */
import { readSentTime } from '../sent-time.ts';
import { Content } from './content.ts';
import { type Decoder, unreadable } from './decoded.ts';

const FORMAT = 'iot-core';
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const iotCoreEnvelope: Decoder = {
  format: FORMAT,

  recognises: ({ object }) => typeof object?.topic === 'string' && typeof object.data === 'string',

  decode({ object = {} }, { arrivedAt }, { decode }) {
    const { topic, data, receivedAt, clientId } = object;
    if (typeof topic !== 'string' || typeof data !== 'string' || !base64.test(data)) {
      return unreadable(FORMAT, 'must have its data in base64', `the envelope of ${String(topic).slice(0, 80)}`);
    }
    // It arrived when IoT Core got it; the stream did so later.
    const time = readSentTime(receivedAt, arrivedAt);
    const inside = decode(Content.of(Buffer.from(data, 'base64')), {
      topic,
      arrivedAt: time.ok ? time.instant : arrivedAt,
    });
    const source = typeof clientId === 'string' && clientId !== '' ? clientId : topic;
    return { ...inside, format: `iot-core, ${inside.format}`, source };
  },
};
