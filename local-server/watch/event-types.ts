/** What the server tells over `GET /events`: each type of event, and what an event of it says. */

const described = {
  stored: 'readings were written to the table',
  archived: 'an object was written to the archive',
  quarantined: 'a record that is not a reading was put into quarantine, with the reason',
  metrics: 'metric values were published, for so many sensors',
  pipeline: 'the state of shards and consumers, as in GET /pipeline',
  'pipeline-unknown': 'why the state of the pipeline cannot be told',
  invocation: 'a consumer was invoked, and what followed; of those that succeed, five a second at most',
  'gave-up': 'a consumer gave up records, and where the failure destination keeps them',
  fleet: 'the state of the simulated fleet',
  scoreboard: 'the account of the fleet, as in GET /scoreboard',
  faults: 'the faults of the lab that are active',
  clock: 'the clock of the lab was moved',
} as const;

export type EventType = keyof typeof described;

export const eventTypes: Readonly<Record<EventType, string>> = described;

/** Sent to every watcher, whatever it asked for: they tell of the feed itself. */
export const feedEventTypes = {
  missed:
    'this watcher was not sent some events: `count` (null where the server cannot tell; then `atMost`, where it knows a limit), `reason` (slow, old, restarted, unknown) and `detail`. Load again what you show',
  alive: 'sent every 5 seconds: a feed that is silent for longer is no longer connected',
  dropped: 'this watcher read nothing for half a minute, and the server ends the feed: connect again to go on',
} as const;

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventTypes, text);
}
