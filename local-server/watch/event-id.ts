/**
 * Ids of server-sent events: `<instance>-<number>`. The instance is a random text of each start of the server, so that a
 * client that comes back after a restart is noticed; the number counts the events of that instance from 1.
 */
import { randomBytes } from 'node:crypto';

export interface EventId {
  readonly instance: string;
  readonly number: number;
}

export function newInstance(): string {
  return randomBytes(6).toString('hex');
}

export function formatEventId({ instance, number }: EventId): string {
  return `${instance}-${number}`;
}

/** @returns undefined for what no server like this gave. */
export function parseEventId(text: string): EventId | undefined {
  const [, instance = '', digits = ''] = /^([0-9a-f]{12})-(\d{1,15})$/.exec(text) ?? [];
  return instance === '' ? undefined : { instance, number: Number(digits) };
}
