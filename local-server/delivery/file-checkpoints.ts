/**
 * Checkpoints in a file, for a stream that outlives the server. The file follows the positions soon after they move: what
 * was done since the last writing is delivered again after a crash, which is at least once. For the same reason a file that
 * cannot be written is no reason to stop: that is told, counted and tried again.
 *
 * One server writes a file: a lock beside it keeps others out. A server that was killed leaves its lock behind, which is
 * taken over as soon as its process is gone.
 */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { InvalidRequest } from '../../core/errors.ts';
import type { Logger } from '../../handlers/logger.ts';
import type { Problems } from '../watch/problems.ts';
import {
  formatCheckpointFile,
  matchStream,
  parseCheckpointFile,
  type Positions,
  type StreamIncarnation,
} from './checkpoint-file.ts';
import type { Checkpoints, ShardCheckpoint } from './checkpoints.ts';

export interface FileCheckpointsOptions {
  readonly file: string;
  readonly stream: StreamIncarnation;
  readonly problems: Problems;
  readonly log: Logger;
}

/** Checkpoints move with every batch; the file follows at most this often. */
const WRITE_MILLIS = 200;
/** How soon a failed writing is tried again, at first and at most. */
const FIRST_RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 30_000;
/** A lock is renewed while its server runs; without that it is nobody's after this. */
const STALE_MILLIS = 10_000;
const WHAT = 'checkpoints';

export class FileCheckpoints implements Checkpoints {
  readonly #file: string;
  readonly #problems: Problems;
  readonly #log: Logger;
  #stream: StreamIncarnation;
  #positions: Positions;
  #unlock: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #drafts = 0;
  #failures = 0;
  #dirty = false;

  private constructor({ file, stream, problems, log }: FileCheckpointsOptions, positions: Positions) {
    this.#file = file;
    this.#stream = stream;
    this.#problems = problems;
    this.#log = log;
    this.#positions = positions;
  }

  /**
   * Reads the file, if there is one. Positions of another stream are kept beside it (`….other`) and not used.
   * @throws InvalidRequest where the file holds no checkpoints, or another server has it.
   */
  static async open(options: FileCheckpointsOptions): Promise<FileCheckpoints> {
    const { file, log, problems } = options;
    const unlock = await acquire(file, problems);
    try {
      const checkpoints = new FileCheckpoints(options, await readPositions(options));
      checkpoints.#unlock = unlock;
      return checkpoints;
    } catch (error) {
      await unlock?.().catch((failure: unknown) => log.warn({ err: failure }, `${file} was not unlocked`));
      throw error;
    }
  }

  load(mapping: string): ReadonlyMap<string, ShardCheckpoint> {
    return new Map(Object.entries(this.#positions[mapping] ?? {}));
  }

  save(mapping: string, shardId: string, checkpoint: ShardCheckpoint): void {
    (this.#positions[mapping] ??= {})[shardId] = checkpoint;
    this.#dirty = true;
    this.#writeIn(WRITE_MILLIS);
  }

  forget(mapping: string, shardId: string): void {
    const positions = this.#positions[mapping];
    if (positions?.[shardId] === undefined) return;
    const { [shardId]: _, ...others } = positions;
    this.#positions[mapping] = others;
    this.#dirty = true;
    this.#writeIn(WRITE_MILLIS);
  }

  /** Begins anew, for another stream under the same name. */
  startAnew(stream: StreamIncarnation): void {
    this.#stream = stream;
    this.#positions = {};
    this.#dirty = true;
    this.#writeIn(0);
  }

  /** Writes what is not written yet, if it can be, and lets others have the file. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#dirty) await this.#write();
    clearTimeout(this.#timer);
    await this.#unlock?.().catch((error: unknown) => this.#log.warn({ err: error }, `${this.#file} was not unlocked`));
  }

  #writeIn(millis: number): void {
    this.#timer ??= setTimeout(() => {
      this.#writing = this.#write();
    }, millis);
  }

  async #write(): Promise<void> {
    this.#dirty = false;
    const draft = `${this.#file}.${process.pid}-${this.#drafts++}.new`;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      // Renamed into place when it is on the disk: a crash leaves the old file or the new one.
      await writeFile(draft, formatCheckpointFile(this.#stream, this.#positions), { flush: true });
      await rename(draft, this.#file);
      await syncFolder(dirname(this.#file));
      this.#failures = 0;
      this.#problems.over(WHAT);
    } catch (error) {
      this.#dirty = true;
      this.#failures += 1;
      this.#problems.met(WHAT, new Error(cannotWrite(this.#file, error), { cause: error }));
      await rm(draft, { force: true }).catch(() => undefined); // The disk that refused it may refuse this too.
    }
    this.#timer = undefined;
    if (this.#dirty) {
      this.#writeIn(
        this.#failures === 0
          ? WRITE_MILLIS
          : Math.min(FIRST_RETRY_MILLIS * 2 ** (this.#failures - 1), LONGEST_RETRY_MILLIS),
      );
    }
  }
}

function cannotWrite(file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${file} cannot be written (${reason}); until it can, a restart delivers again what was done since`;
}

/** So that the new name survives a crash of the machine. Not every system can do this to a folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

async function readPositions({ file, stream, log, problems }: FileCheckpointsOptions): Promise<Positions> {
  let text: string;
  let writtenAt: number;
  try {
    text = await readFile(file, 'utf8');
    writtenAt = (await stat(file)).mtimeMs;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    // A file in the place of the folder: nothing was ever written there.
    if (code !== 'ENOTDIR') throw new InvalidRequest(file, `cannot be read (${String(error)})`, { cause: error });
    problems.met(WHAT, new Error(cannotWrite(file, error)));
    return {};
  }
  const content = parseCheckpointFile(file, text);
  const match = matchStream(content, stream, writtenAt);
  switch (match.type) {
    case 'same':
      return content.positions;
    case 'assumed':
      log.warn({ file }, `${file} does not say which stream it belongs to; it is used for ${stream.arn}`);
      return content.positions;
    case 'other': {
      const kept = `${file}.other`;
      await writeFile(kept, text).catch((error: unknown) => log.warn({ err: error }, `${kept} was not written`));
      log.warn(
        { file, kept },
        `${file} belongs to another stream (${match.why}): the consumers start at the beginning of ${stream.arn}; the old positions are in ${kept}`,
      );
      return {};
    }
  }
}

/** @returns How to give it back; `undefined` where the folder cannot be written, so that nobody else writes either. */
async function acquire(file: string, problems: Problems): Promise<(() => Promise<void>) | undefined> {
  const owner = `${file}.lock-owner`;
  const me = { pid: process.pid, host: hostname() };
  for (let tries = 0; ; tries += 1) {
    try {
      await mkdir(dirname(file), { recursive: true });
      const release = await lock(file, {
        realpath: false,
        stale: STALE_MILLIS,
        onCompromised: (error) => problems.met('checkpoint lock', error),
      });
      // A disk that is full still takes the lock, which must be given back. Without an owner it says less.
      await writeFile(owner, JSON.stringify(me)).catch((error: unknown) => {
        problems.met(WHAT, new Error(cannotWrite(file, error), { cause: error }));
      });
      return async () => {
        await rm(owner, { recursive: true, force: true });
        await release();
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') {
        problems.met(WHAT, new Error(cannotWrite(file, error), { cause: error }));
        return undefined;
      }
    }
    const { pid, host } = await readOwner(owner);
    if (host === me.host && pid !== undefined && !isRunning(pid)) {
      await rm(`${file}.lock`, { recursive: true, force: true });
    } else if (pid !== undefined || tries * 500 > STALE_MILLIS + 1_000) {
      const who =
        pid === undefined ? 'another server' : `the server with process id ${pid} on ${host ?? 'another machine'}`;
      throw new InvalidRequest(
        file,
        `is in use by ${who}: stop that one, or give this one a folder of its own with --state-folder`,
      );
    } else await pause(500);
  }
}

async function readOwner(file: string): Promise<{ readonly pid?: number; readonly host?: string }> {
  try {
    const { pid, host } = JSON.parse(await readFile(file, 'utf8')) as { pid?: unknown; host?: unknown };
    return { ...(typeof pid === 'number' && { pid }), ...(typeof host === 'string' && { host }) };
  } catch {
    return {};
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
