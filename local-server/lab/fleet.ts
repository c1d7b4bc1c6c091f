/** A simulated fleet in this process that sends to this server as any other client would. One at a time. */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../core/ports.ts';
import type { Logger } from '../../handlers/logger.ts';
import type { EventHub } from '../watch/event-hub.ts';
import type { ServerAddress } from '../simulator/http-client.ts';
import { simulate } from '../simulator/simulate.ts';
import type { Counts } from '../simulator/tally.ts';
import { systemTimer } from '../simulator/timer.ts';
import type { Scoreboard } from '../scoreboard/scoreboard.ts';

export interface FleetOptions {
  readonly devices: number;
  /** Payloads per second of the whole fleet; 0 for as fast as they are taken. */
  readonly rate: number;
  /** Share of bad, duplicate, late and out-of-order payloads, 0–1. */
  readonly faults: number;
  readonly transport: 'http' | 'kinesis';
  readonly seed: number;
  /** 0 for no end. */
  readonly durationSeconds: number;
}

export interface FleetState {
  readonly running: boolean;
  readonly run: string | null;
  readonly options: FleetOptions | null;
  readonly counts: Counts | null;
  readonly seconds: number;
  /** What ended the run before its time. */
  readonly failure?: string;
}

export interface FleetServices {
  readonly scoreboard: Scoreboard;
  readonly clock: Clock;
  readonly hub: EventHub;
  readonly streamName: string;
  readonly log: Logger;
}

/** The scoreboard accounts for each payload: this bounds its memory. */
const MAX_PAYLOADS = 1_000_000;
const TICK_MILLIS = 1_000;
/** How long the scoreboard follows a run that has ended and is not settled, where nobody watches. */
const FOLLOWED_TICKS = 30;

interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class Fleet {
  readonly #services: FleetServices;
  readonly #closing = new AbortController();
  #run: Run | undefined;
  #following = false;
  #state: Omit<FleetState, 'counts'> = { running: false, run: null, options: null, seconds: 0 };
  #counts: (() => Counts) | undefined;

  constructor(services: FleetServices) {
    this.#services = services;
  }

  get running(): boolean {
    return this.#state.running;
  }

  state(): FleetState {
    return { ...this.#state, counts: this.#counts?.() ?? null };
  }

  /** @param server This server, as its clients reach it. @throws Error where a fleet is running. */
  start(
    server: ServerAddress,
    { seed = randomInt(2 ** 31), ...given }: Omit<FleetOptions, 'seed'> & { readonly seed?: number | undefined },
  ): FleetState {
    if (this.running) throw new Error('a fleet is running');
    const options = { ...given, seed };
    const stop = new AbortController();
    this.#state = { running: true, run: null, options, seconds: 0 };
    this.#run = { stop, done: this.#simulate(server, options, stop.signal) };
    void this.#follow();
    return this.state();
  }

  /** Sends nothing new and resolves when what is under way is answered. */
  async stop(): Promise<FleetState> {
    this.#run?.stop.abort();
    await this.#run?.done;
    return this.state();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.stop();
  }

  async #simulate(server: ServerAddress, options: FleetOptions, signal: AbortSignal): Promise<void> {
    const { scoreboard, clock, streamName } = this.#services;
    const { devices, rate, seed, faults, durationSeconds, transport } = options;
    try {
      const { failure } = await simulate(
        {
          ...server,
          transport: transport === 'http' ? { type: 'http' } : { type: 'kinesis', streamName },
          source: { type: 'fleet', devices, start: clock.now() },
          rate,
          durationSeconds,
          count: MAX_PAYLOADS,
          seed,
          faults,
          // The scoreboard reads back, from this machine's own stores.
          verify: 'never',
        },
        {
          signal,
          onStart: (run, counts) => {
            this.#counts = counts;
            scoreboard.begin(run, () => counts().total);
            this.#change({ run });
          },
          onOutcome: (payload, outcome) => scoreboard.answered(payload, outcome),
          onProgress: (progress) => {
            if (progress.phase !== 'verifying') this.#change({ seconds: progress.seconds });
          },
        },
      );
      this.#change({ running: false, ...(failure !== undefined && { failure: failure.message }) });
    } catch (error) {
      this.#change({ running: false, failure: error instanceof Error ? error.message : String(error) });
    }
  }

  #change(changed: Partial<FleetState>): void {
    this.#state = { ...this.#state, ...changed };
    this.#services.hub.publish('fleet', this.state());
  }

  /** Tells the score every second, until everything that was sent is settled. */
  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    for (let ticksAfter = 0; ;) {
      await systemTimer.sleep(TICK_MILLIS, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      ticksAfter = this.running ? 0 : ticksAfter + 1;
      const isSettled = await this.#tellScore();
      if (ticksAfter > 0 && (isSettled || (!this.#services.hub.watched && ticksAfter >= FOLLOWED_TICKS))) break;
    }
    this.#following = false;
  }

  /** Whether everything that was accepted is settled. */
  async #tellScore(): Promise<boolean> {
    const { scoreboard, hub, log } = this.#services;
    try {
      const score = await scoreboard.read();
      hub.publish('scoreboard', score);
      return score.pending === 0;
    } catch (error) {
      log.warn({ err: error }, 'the score could not be read, to be tried again');
      return false;
    }
  }
}
