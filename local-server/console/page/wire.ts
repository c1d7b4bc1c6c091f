/** What the server says, as its OpenAPI document (`/docs`) has it. All times are ISO 8601 unless the name says millis. */

import type { Decision, GiveUpCondition } from '../../../core/event-source-mapping/decision.ts';
import type { LaneState } from '../../../core/event-source-mapping/shard-state.ts';
import type { ReadingFlag } from '../../../core/reading.ts';
import type { EventSourceMappingSettings } from '../../../core/pipeline.ts';

export interface Reading {
  readonly timestamp: string;
  readonly value: number;
  readonly unit?: string;
  readonly flags?: readonly ReadingFlag[];
  /** Where it is not the timestamp. */
  readonly key?: string;
}

export interface HistoryPage {
  readonly sensorId: string;
  /** In the order asked for. */
  readonly readings: readonly Reading[];
  readonly nextCursor?: string;
}

export interface PutReply {
  readonly records: readonly {
    readonly sequenceNumber: string;
    readonly shardId: string;
    readonly flags?: readonly ReadingFlag[];
  }[];
}

export interface Reason {
  readonly field: string;
  readonly rule: string;
  readonly seen: string;
}

interface SensorSummary {
  readonly sensorId: string;
  /** Why the id may look like another one. */
  readonly notice?: string;
  readonly count: number;
  readonly latest: Reading;
}

export interface SensorsPage {
  readonly sensors: readonly SensorSummary[];
  readonly more: boolean;
}

export interface ObjectsPage {
  readonly objects: readonly { readonly key: string; readonly size: number }[];
  readonly more: boolean;
}

export interface QuarantinedRecord {
  readonly key: string;
  readonly reason: string;
  readonly reasons: readonly Reason[];
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly arrivedAt: string;
  readonly quarantinedAt: string;
  /** How many bytes the record has. */
  readonly bytes: number;
  /** The first of them, base64. */
  readonly raw: string;
}

export interface QuarantinePage {
  readonly records: readonly QuarantinedRecord[];
  readonly more: boolean;
}

export interface MinuteStatistics {
  readonly minute: string;
  readonly sampleCount: number;
  readonly sum: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
}

/** A shard; what only the memory adapters can tell is absent on AWS. */
export interface ShardStatistics {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  /** Decimal. */
  readonly startingHashKey: string;
  readonly state?: 'open' | 'closed';
  readonly records?: number;
  readonly bytes?: number;
  readonly recordsPut?: number;
}

interface Invocation {
  readonly shardId: string;
  readonly lane: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly firstSequenceNumber: string;
  readonly records: number;
  readonly durationMillis: number;
  readonly decision: Decision;
}

export interface ShardProgress {
  readonly shardId: string;
  readonly checkpoint?: string;
  readonly finished: boolean;
  /** Null where the stream cannot tell. */
  readonly recordsBehind: number | null;
  /** Null where nobody can tell, as the stream is not read. */
  readonly oldestRecordAgeMillis: number | null;
  readonly trimmedRecords: number;
  readonly lanes: readonly LaneState[];
  readonly lastInvocation?: Invocation;
}

export interface MappingState {
  readonly name: string;
  readonly id: string;
  readonly settings: EventSourceMappingSettings;
  /** Null where nobody can tell, as the stream is not read. */
  readonly oldestRecordAgeMillis: number | null;
  readonly trimmedRecords: number;
  readonly trimmedInRetryRecords: number;
  readonly readFailures: number;
  readonly expiredShards: number;
  readonly invocations: number;
  readonly throttles: number;
  readonly records: number;
  readonly errors: number;
  readonly retries: number;
  readonly bisections: number;
  readonly givenUpRecords: number;
  readonly shards: readonly ShardProgress[];
}

export interface PipelineState {
  readonly stream: { readonly name: string; readonly shards: readonly ShardStatistics[] };
  /** Empty where the consumers of a deployed stack run elsewhere. */
  readonly mappings: readonly MappingState[];
  readonly account: AccountSummary;
  /** Absent where the stores are elsewhere. */
  readonly memory?: MemoryState;
}

/** What became of all records since the server started (`GET /account`). */
export interface AccountSummary {
  readonly verdict: 'all stored' | 'behind' | 'problems' | 'cannot tell';
  /** The verdict in words. */
  readonly text: string;
  readonly since: string;
  readonly accepted: number;
  readonly fromOthers: number;
  /** Values that no history has any more; null where not all of them are known. */
  readonly overwritten: number | null;
  /** Sentences. */
  readonly problems: readonly string[];
}

/** How full the stores of the server are. */
export interface MemoryState {
  readonly limitBytes: number;
  readonly usedBytes: number;
  readonly state: 'room' | 'filling' | 'full';
  /** Why it is full. */
  readonly reason?: string;
  readonly refusedPuts: number;
  /** Everything that arrived before was dropped to make room. */
  readonly trimmedBefore?: string;
}

export interface Scoreboard {
  /** Null until a fleet has been started. */
  readonly run: string | null;
  readonly startedAt?: string | null;
  readonly sent: number;
  readonly accepted: number;
  readonly archived: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly refused: number;
  readonly pending: number;
  /** With the failure destination. */
  readonly givenUp: number;
  readonly lost: number;
  /** Archived, and in neither table, quarantine nor failure destination, though the consumers are past it. */
  readonly missingInTable: number;
  readonly duplicatesDropped: number;
  readonly repeatsInArchive: number;
  readonly outOfOrder: number;
  readonly latencyMillis: { readonly p50: number; readonly p99: number } | null;
}

export interface FleetOptions {
  readonly devices: number;
  /** Payloads per second of the whole fleet. */
  readonly rate: number;
  /** Share of bad, duplicate, late and out-of-order payloads, 0–1. */
  readonly faults: number;
  readonly transport: 'http' | 'kinesis';
  readonly durationSeconds?: number;
}

export interface FleetState {
  readonly running: boolean;
  readonly run: string | null;
  readonly options?: FleetOptions | null;
  readonly counts?: {
    readonly total: { readonly sent: number; readonly accepted: number; readonly refused: number };
  } | null;
  /** What ended the run before its time. */
  readonly failure?: string;
}

/** A fault that is at work. What is left of it is a number of uses or seconds. */
export interface ActiveFault {
  readonly id: string;
  readonly target: string;
  readonly fault: string;
  readonly struck?: number;
  readonly remaining?: number;
  readonly secondsLeft?: number;
  readonly endsAt?: string;
  readonly delayMillis?: number;
  /** Of a poison record: the function that throws. */
  readonly function?: string;
}

export interface FaultList {
  readonly faults: readonly ActiveFault[];
}

/** A fault that can be injected. */
export interface CatalogueEntry {
  readonly target: string;
  readonly fault: string;
  /** What goes wrong. */
  readonly does: string;
  /** What the pipeline does about it, and why. */
  readonly rule: string;
  /** Where AWS documents the rule. */
  readonly source: string;
}

export interface FaultCatalogue extends FaultList {
  readonly catalogue: readonly CatalogueEntry[];
}

export interface ClockState {
  readonly now: string;
  /** How far the clock is ahead of the machine's. */
  readonly offsetMillis: number;
}

/** An invocation of a function by an event source mapping, and what followed from it. */
export interface InvocationEvent extends Invocation {
  /** Name of the function. */
  readonly mapping: string;
}

/** Records that the failure destination now holds under `key`. */
export interface GaveUpEvent {
  readonly mapping: string;
  readonly shardId: string;
  readonly lane: number;
  readonly firstSequenceNumber: string;
  readonly key: string;
  readonly condition: GiveUpCondition;
  readonly records: number;
}
