/**
 * Checkpoints of event source mappings. In memory they end with the server, as the stream does. For a stream that outlives
 * the server they are kept in a file, written soon after they move: what was done since the last writing is delivered
 * again after a crash, which is at least once.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidRequest } from '../../core/errors.ts';
import type { ShardPosition } from '../../core/ports.ts';

export interface Checkpoints {
  /** The positions of a mapping by shard; empty for one that never ran. */
  load(mapping: string): ReadonlyMap<string, ShardPosition>;
  save(mapping: string, shardId: string, position: ShardPosition): void;
  /** Keeps what is not kept yet. */
  close(): void;
}

export class MemoryCheckpoints implements Checkpoints {
  readonly #positions = new Map<string, Map<string, ShardPosition>>();

  load(mapping: string): ReadonlyMap<string, ShardPosition> {
    return this.#positions.get(mapping) ?? new Map();
  }

  save(mapping: string, shardId: string, position: ShardPosition): void {
    const shards = this.#positions.get(mapping) ?? new Map<string, ShardPosition>();
    this.#positions.set(mapping, shards.set(shardId, position));
  }

  close(): void {
    // Nothing is kept anywhere else.
  }
}

/** Checkpoints move with every batch; the file follows at most this often. */
const WRITE_MILLIS = 200;

type Contents = Record<string, Record<string, ShardPosition>>;

export class FileCheckpoints implements Checkpoints {
  readonly #file: string;
  readonly #contents: Contents;
  #pending: NodeJS.Timeout | undefined;

  /** @throws InvalidRequest where the file is there and holds no checkpoints. */
  constructor(file: string) {
    this.#file = file;
    this.#contents = readContents(file);
  }

  load(mapping: string): ReadonlyMap<string, ShardPosition> {
    return new Map(Object.entries(this.#contents[mapping] ?? {}));
  }

  save(mapping: string, shardId: string, position: ShardPosition): void {
    (this.#contents[mapping] ??= {})[shardId] = position;
    this.#pending ??= setTimeout(() => this.#write(), WRITE_MILLIS);
  }

  close(): void {
    if (this.#pending !== undefined) this.#write();
  }

  #write(): void {
    clearTimeout(this.#pending);
    this.#pending = undefined;
    mkdirSync(dirname(this.#file), { recursive: true });
    // Renamed into place: a crash leaves the old file or the new one.
    const draft = `${this.#file}.new`;
    writeFileSync(draft, JSON.stringify(this.#contents, undefined, 2));
    renameSync(draft, this.#file);
  }
}

function readContents(file: string): Contents {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Contents;
  } catch (error) {
    throw new InvalidRequest(file, 'holds no checkpoints; mend it, or remove it to start at the beginning', {
      cause: error,
    });
  }
}
