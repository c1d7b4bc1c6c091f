/**
 * What happens in the server, over one EventSource. The browser connects again by itself after a lost connection; where
 * it gives up (an answer that is no stream, as from a proxy), this does.
 */
import type { ReadingFlag } from '../../../core/reading.ts';
import { Store } from './store.ts';
import type {
  ClockState,
  FaultList,
  FleetState,
  GaveUpEvent,
  InvocationEvent,
  PipelineState,
  Scoreboard,
} from './wire.ts';

export interface LiveEvents {
  readonly stored: {
    readonly readings: readonly {
      readonly sensorId: string;
      readonly value: number;
      readonly timestamp: string;
      readonly unit?: string;
      readonly flags?: readonly ReadingFlag[];
      readonly part?: number;
      readonly sequenceNumber: string;
      readonly arrivedAt: string;
    }[];
  };
  readonly archived: { readonly key: string; readonly size: number };
  readonly quarantined: { readonly shardId: string; readonly sequenceNumber: string; readonly reason: string };
  readonly metrics: { readonly sensors: number };
  readonly pipeline: PipelineState;
  /** The server could not tell how the pipeline is. */
  readonly 'pipeline-unknown': { readonly problem: string };
  readonly invocation: InvocationEvent;
  readonly 'gave-up': GaveUpEvent;
  readonly faults: FaultList;
  readonly clock: ClockState;
  readonly fleet: FleetState;
  readonly scoreboard: Scoreboard;
  /** This page read more slowly than things happened, and was left out of some. */
  readonly missed: { readonly count: number };
}

export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost';
  /** Grows with every connection: whoever shows what the server holds asks for it again. */
  readonly epoch: number;
}

type Type = keyof LiveEvents;

const types: readonly Type[] = [
  'stored',
  'archived',
  'quarantined',
  'metrics',
  'pipeline',
  'pipeline-unknown',
  'invocation',
  'gave-up',
  'faults',
  'clock',
  'fleet',
  'scoreboard',
  'missed',
];
const RECONNECT_MILLIS = 1_000;

export class Live {
  readonly connection = new Store<Connection>({ state: 'connecting', epoch: 0 });
  readonly #listeners = new Map<Type, Set<(data: never) => void>>();

  connect(): void {
    const source = new EventSource('/events');
    source.addEventListener('open', () => this.#is('live', 1));
    source.addEventListener('error', () => {
      this.#is('lost', 0);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.connect(), RECONNECT_MILLIS);
    });
    for (const type of types) {
      source.addEventListener(type, ({ data }: MessageEvent<string>) => this.#tell(type, JSON.parse(data)));
    }
  }

  on<T extends Type>(type: T, listener: (data: LiveEvents[T]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #is(state: Connection['state'], step: number): void {
    const { state: before, epoch } = this.connection.value;
    if (before !== state || step > 0) this.connection.set({ state, epoch: epoch + step });
  }

  #tell(type: Type, data: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(data as never);
  }
}
