/** The state of the pipeline in one piece, for `/pipeline` and for those who watch. */
import type { Shard } from '../core/ports.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import type { EventHub } from './event-hub.ts';

/** What the stream tells about its shards; memory knows more about them than AWS does. */
export interface StreamStatistics {
  statistics(): readonly Shard[] | Promise<readonly Shard[]>;
}

/** Watchers are told at most this often. */
const PUBLISH_MILLIS = 250;

export class PipelineMonitor {
  readonly #stream: StreamStatistics;
  readonly #streamName: string;
  readonly #mappings: readonly EventSourceMapping[];
  readonly #hub: EventHub;
  #scheduled: NodeJS.Timeout | undefined;

  constructor(stream: StreamStatistics, streamName: string, mappings: readonly EventSourceMapping[], hub: EventHub) {
    this.#stream = stream;
    this.#streamName = streamName;
    this.#mappings = mappings;
    this.#hub = hub;
    for (const mapping of mappings) mapping.observe(() => this.#changed());
  }

  async state() {
    const mappings = await Promise.all(this.#mappings.map((mapping) => mapping.state()));
    return { stream: { name: this.#streamName, shards: await this.#stream.statistics() }, mappings };
  }

  #changed(): void {
    if (!this.#hub.watched || this.#scheduled !== undefined) return;
    this.#scheduled = setTimeout(() => void this.#publish(), PUBLISH_MILLIS).unref();
  }

  async #publish(): Promise<void> {
    this.#scheduled = undefined;
    this.#hub.publish('pipeline', await this.state());
  }
}
