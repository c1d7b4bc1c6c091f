/** What the page hears of the server's event stream. */
import type { ReadingFlag } from '../../../core/reading.ts';
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

export const eventTypes: readonly (keyof LiveEvents)[] = [
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
