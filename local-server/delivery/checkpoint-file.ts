/**
 * The text of a checkpoint file: which stream it belongs to, and the checkpoints of each mapping by shard. Pure functions; the
 * effects are in `file-checkpoints.ts`.
 *
 * A position means something in one stream only. Another emulator, another account, or the same stream made anew counts from
 * its own beginning, and a reader that goes on behind an old number skips what is new without a word.
 */
import { InvalidRequest } from '../../core/errors.ts';
import type { TumblingWindow, WindowState } from '../../core/event-source-mapping/tumbling-window.ts';
import type { EpochMillis, ShardPosition } from '../../core/ports.ts';
import { isSequenceNumber } from '../../core/sequence-number.ts';
import type { ShardCheckpoint } from './checkpoints.ts';

export interface StreamIncarnation {
  /** Base address of an emulator, or `aws`. */
  readonly endpoint: string;
  /** Names account, region and stream. */
  readonly arn: string;
  /** UTC ISO 8601. */
  readonly createdAt: string;
}

export type Positions = Record<string, Record<string, ShardCheckpoint>>;

export interface CheckpointFile {
  /** Absent in files that were written before they named it. */
  readonly stream?: StreamIncarnation;
  readonly positions: Positions;
}

/** Kinesis's own have 56 digits; no emulator has more. */
const MOST_DIGITS = 56;
const VERSION = 2;
const advice = 'mend it, or remove the file to start at the beginning of the stream';

export function formatCheckpointFile(stream: StreamIncarnation, positions: Positions): string {
  return `${JSON.stringify({ version: VERSION, stream, positions }, undefined, 2)}\n`;
}

/** @throws InvalidRequest naming the file, the place in it, what is wrong, and what to do. */
export function parseCheckpointFile(file: string, text: string): CheckpointFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequest(file, `holds no checkpoints (it is no JSON); ${advice}`, { cause: error });
  }
  const refuse = (place: string, problem: string): never => {
    throw new InvalidRequest(file, `holds no checkpoints (${place} ${problem}); ${advice}`);
  };
  const members = (place: string, value: unknown): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : refuse(place, `is ${JSON.stringify(value)}, but must be an object`);

  const whole = new Map(members('the file', content));
  if (!whole.has('version')) return { positions: positionsOf(content) };
  if (whole.get('version') !== VERSION) {
    refuse('version', `is ${JSON.stringify(whole.get('version'))}; this server writes ${VERSION}`);
  }
  const stream = new Map(members('stream', whole.get('stream')));
  const textOf = (name: string): string => {
    const value = stream.get(name);
    return typeof value === 'string' ? value : refuse(`stream.${name}`, 'must be a text');
  };
  return {
    stream: { endpoint: textOf('endpoint'), arn: textOf('arn'), createdAt: textOf('createdAt') },
    positions: positionsOf(whole.get('positions')),
  };

  function positionsOf(value: unknown): Positions {
    return Object.fromEntries(
      members('positions', value).map(([mapping, shards]) => [
        mapping,
        Object.fromEntries(
          members(mapping, shards).map(([shard, entry]) => [shard, checkpointOf(`${mapping}, ${shard}:`, entry)]),
        ),
      ]),
    );
  }

  function checkpointOf(place: string, value: unknown): ShardCheckpoint {
    const { window, finished } = Object.fromEntries(members(place, value)) as Record<string, unknown>;
    if (finished !== undefined && finished !== true) refuse(`${place} finished`, 'must be true where it is there');
    return {
      ...positionOf(place, value),
      ...(window !== undefined && { window: windowOf(`${place} window`, window) }),
      ...(finished === true && { finished }),
    };
  }

  function windowOf(place: string, value: unknown): TumblingWindow {
    const { start, end, state } = Object.fromEntries(members(place, value)) as Record<string, unknown>;
    if (typeof start !== 'number' || typeof end !== 'number' || !isInstant(start) || !isInstant(end)) {
      return refuse(place, 'must have a start and an end in milliseconds');
    }
    if (state === undefined) return { start, end };
    members(`${place} state`, state);
    return { start, end, state: state as WindowState };
  }

  function positionOf(place: string, value: unknown): ShardPosition {
    const { type, sequenceNumber, timestamp } = Object.fromEntries(members(place, value)) as Record<string, unknown>;
    switch (type) {
      case 'TRIM_HORIZON':
        return { type };
      case 'AT_SEQUENCE_NUMBER':
      case 'AFTER_SEQUENCE_NUMBER':
        return typeof sequenceNumber === 'string' &&
          isSequenceNumber(sequenceNumber) &&
          sequenceNumber.length <= MOST_DIGITS
          ? { type, sequenceNumber }
          : refuse(place, `the sequence number ${JSON.stringify(sequenceNumber)} is none of Kinesis`);
      case 'AT_TIMESTAMP':
        return typeof timestamp === 'number' && isInstant(timestamp)
          ? { type, timestamp }
          : refuse(place, `the timestamp ${JSON.stringify(timestamp)} is no time in milliseconds`);
      default:
        return refuse(place, `the type ${JSON.stringify(type)} is none of a position`);
    }
  }
}

function isInstant(millis: number): millis is EpochMillis {
  return Number.isInteger(millis) && millis >= 0 && millis <= Date.UTC(9999, 11, 31);
}

export type Match =
  | { readonly type: 'same' }
  /** A file that names no stream: written while this stream was there, so it is taken as its own. */
  | { readonly type: 'assumed' }
  | { readonly type: 'other'; readonly why: string };

/** @param writtenAt When an old file, which names no stream, was written last. */
export function matchStream({ stream }: CheckpointFile, now: StreamIncarnation, writtenAt: EpochMillis): Match {
  if (stream === undefined) {
    return writtenAt >= Date.parse(now.createdAt)
      ? { type: 'assumed' }
      : { type: 'other', why: `it was written before the stream was created at ${now.createdAt}` };
  }
  const differences = (['endpoint', 'arn', 'createdAt'] as const)
    .filter((name) => stream[name] !== now[name])
    .map((name) => `${name} was ${stream[name]} and is ${now[name]}`);
  return differences.length === 0 ? { type: 'same' } : { type: 'other', why: differences.join(', ') };
}
