/** The state of the pipeline in one piece, for `/pipeline`; and what happens in it, for those who watch. */
import type { BudgetStatistics } from '../../adapters/memory/memory-budget.ts';
import type { Shard } from '../../core/ports.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import type { AccountState } from '../account/account-state.ts';
import type { EventSourceMapping } from '../delivery/event-source-mapping.ts';
import type { EventHub } from './event-hub.ts';
import type { Problems } from './problems.ts';

/** What the stream tells about a shard; memory knows more than AWS does. */
interface ShardStatistics extends Shard {
  /** Since the server started. */
  readonly recordsPut?: number;
}

export interface StreamStatistics {
  statistics(): readonly ShardStatistics[] | Promise<readonly ShardStatistics[]>;
}

/** How full the stores in this process are; undefined where they are elsewhere. */
export interface MemoryStatistics {
  statistics(): BudgetStatistics | undefined;
}

/** Watchers are told at most this often. */
const PUBLISH_MILLIS = 250;
/** How soon the state is asked for again that could not be told. */
const RETRY_MILLIS = 5_000;
/** And this often while a consumer is behind: its records grow older though nothing happens. */
const BEHIND_MILLIS = 1_000;
/** Of invocations that succeed, each mapping tells no more than one in this time; whatever else happens is always told. */
const ADVANCE_MILLIS = 200;

/** Times as text, as everywhere in the interface. */
function memoryState({ trimmedBefore, ...statistics }: BudgetStatistics) {
  return { ...statistics, ...(trimmedBefore !== undefined && { trimmedBefore: formatTimestamp(trimmedBefore) }) };
}

export class PipelineMonitor {
  readonly #stream: StreamStatistics;
  readonly #streamName: string;
  readonly #mappings: readonly EventSourceMapping[];
  readonly #hub: EventHub;
  readonly #problems: Problems;
  readonly #memory: MemoryStatistics;
  readonly #account: Pick<AccountState, 'summary' | 'onChange'>;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = Infinity;

  constructor(
    stream: StreamStatistics,
    streamName: string,
    mappings: readonly EventSourceMapping[],
    hub: EventHub,
    problems: Problems,
    memory: MemoryStatistics,
    account: Pick<AccountState, 'summary' | 'onChange'>,
  ) {
    this.#stream = stream;
    this.#streamName = streamName;
    this.#mappings = mappings;
    this.#hub = hub;
    this.#problems = problems;
    this.#memory = memory;
    this.#account = account;
    hub.onSubscribe(() => this.changed());
    account.onChange(() => this.changed());
    for (const mapping of mappings) {
      const { name } = mapping;
      let advanceToldAt = -Infinity;
      mapping.observe({
        onChange: () => this.changed(),
        onGivenUp: (report) => hub.publish('gave-up', { mapping: name, ...report }),
        onInvocation: (report) => {
          if (report.decision.type === 'advance') {
            if (performance.now() - advanceToldAt < ADVANCE_MILLIS) return;
            advanceToldAt = performance.now();
          }
          hub.publish('invocation', { mapping: name, ...report });
        },
      });
    }
  }

  async state() {
    const mappings = await Promise.all(this.#mappings.map((mapping) => mapping.state()));
    const memory = this.#memory.statistics();
    return {
      stream: { name: this.#streamName, shards: await this.#stream.statistics() },
      mappings,
      account: this.#account.summary(),
      ...(memory !== undefined && { memory: memoryState(memory) }),
    };
  }

  /** Has the state told to those who watch, soon. */
  changed(): void {
    this.#publishIn(PUBLISH_MILLIS);
  }

  /** Unless it is published earlier anyway. */
  #publishIn(millis: number): void {
    const at = performance.now() + millis;
    if (at >= this.#nextAt) return;
    this.#nextAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#publish(), millis).unref();
  }

  async #publish(): Promise<void> {
    this.#nextAt = Infinity;
    if (!this.#hub.watched) return;
    try {
      const state = await this.state();
      this.#hub.publish('pipeline', state);
      this.#problems.over('pipeline');
      const behind = state.mappings.some(({ shards }) => shards.some(({ recordsBehind }) => (recordsBehind ?? 0) > 0));
      if (behind || state.account.verdict === 'behind') this.#publishIn(BEHIND_MILLIS);
    } catch (error) {
      // AWS may refuse for hours, for instance with credentials that expired: whoever watches is told each time.
      this.#problems.met('pipeline', error);
      this.#hub.publish('pipeline-unknown', { problem: error instanceof Error ? error.message : String(error) });
      this.#publishIn(RETRY_MILLIS);
    }
  }
}
