/** Which sensor an MQTT topic names. What the profiles of `profiles.ts` know of topics comes before the topic as a whole. */
import { profiles } from './profiles.ts';

/** AWS IoT Core, "Basic Ingest": a topic of this form goes to one rule, and the rest of it is the topic that was meant. */
const basicIngest = /^\$aws\/rules\/[^/]+\//;
/** Where the devices of this project publish. */
const own = /^sensors\/(.+)$/;
const patterns = [own, ...profiles.flatMap(({ topic }) => topic ?? [])];

export function plainTopic(topic: string): string {
  return topic.replace(basicIngest, '');
}

export function sensorOfTopic(topic: string | undefined): string | undefined {
  if (topic === undefined || topic === '') return undefined;
  const plain = plainTopic(topic);
  for (const pattern of patterns) {
    const match = pattern.exec(plain);
    if (match !== null) return match.slice(1).join('.');
  }
  return plain;
}
