/** How far a consumer of one shard is, for people to look at. Types alone: the console's page shows them in a browser. */
import type { EpochMillis, ShardPosition } from '../ports.ts';
import type { Attempts } from './decision.ts';
import type { WindowSpan } from './tumbling-window.ts';

export interface ShardConsumerState {
  readonly checkpoint: ShardPosition;
  /** When the oldest record that was read and is not done arrived. */
  readonly oldestArrival?: EpochMillis;
  readonly unfinished: number;
  /** Records that expired before they were read. */
  readonly trimmed: number;
  /** Reads that failed. */
  readonly readFailures: number;
  /** While it is not `done`, nobody knows what waits in the shard. */
  readonly lastRead: 'none' | 'done' | 'failed';
  /** The shard expired before it was read to its end, so that `trimmed` is not all. */
  readonly expired: boolean;
  /** Records that no filter let through. */
  readonly filteredOut: number;
  readonly millisBehindLatest: number;
  readonly finished: boolean;
  /** The tumbling window that has records and is not closed. */
  readonly openWindow?: WindowSpan;
  readonly lanes: readonly LaneState[];
}

export interface LaneState {
  readonly waiting: number;
  /** Records in the batch that is being processed now. */
  readonly inFlight: number;
  /** The open batch as bisection has cut it, the next piece first. */
  readonly pieces: readonly { readonly count: number; readonly attempts: Attempts }[];
}
