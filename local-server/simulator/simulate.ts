import { splitIntoBatches } from '../../core/batching.ts';
import { dispatch } from './dispatch.ts';
import { SimulationFailed } from './errors.ts';
import { planPayloads } from './faults.ts';
import { fleetReadings } from './fleet.ts';
import { isHealthy, type ServerAddress } from './http-client.ts';
import { Ledger } from './ledger.ts';
import type { SimulateOptions } from './options.ts';
import { overwrittenBetween, overwrittenOn } from './overwritten.ts';
import { pace } from './pacer.ts';
import { encodePayload, type PlannedPayload } from './payload.ts';
import type { RetryPolicy } from './senders/delivery.ts';
import { HttpSender } from './senders/http.ts';
import { Interrupted, type Message, type Outcome, type Sender } from './senders/sender.ts';
import { type Counts, Tally } from './tally.ts';
import { systemTimer } from './timer.ts';
import { type Verification, verify } from './verify.ts';

export interface SimulationReport {
  /** In the stamps of every reading of this run. */
  readonly run: string;
  readonly counts: Counts;
  /** How long it was sending. */
  readonly seconds: number;
  /** What ended the run before its time; the counts are what was reached until then. */
  readonly failure?: SimulationFailed;
  /** Absent where it was not wanted or the server cannot tell. */
  readonly verification?: Verification;
  /**
   * How many values of the server's whole traffic, from the start of the run to its verification, were replaced by a later one of the
   * same sensor and time. Absent where that is not known.
   */
  readonly overwritten?: number;
}

export type Progress =
  | { readonly phase: 'sending'; readonly run: string; readonly counts: Counts; readonly seconds: number }
  /** Everything is sent and answered. */
  | { readonly phase: 'sent'; readonly run: string; readonly counts: Counts; readonly seconds: number }
  /** Waiting for the consumers, and for which. */
  | { readonly phase: 'verifying'; readonly behind: readonly string[] };

export interface SimulateHooks {
  /** Stops sending; what is in flight is waited for and verified. */
  readonly signal?: AbortSignal;
  /** Every second while sending, then at each step. */
  readonly onProgress?: (progress: Progress) => void;
  /** Told the name of the run before anything is sent; the counts are those of the moment in which one asks. */
  readonly onStart?: (run: string, counts: () => Counts) => void;
  /** What became of a payload, as the server answered it. */
  readonly onOutcome?: (payload: PlannedPayload, outcome: Outcome) => void;
}

/** Requests in flight, one per lane. */
const LANES = 4;
const CATCH_UP_MILLIS = 60_000;

/**
 * Runs a fleet, or replays a file, against a server.
 *
 * @throws SimulationFailed where nothing answers at the start, or the archive cannot be read back.
 * @throws InvalidRequest where the CSV file is not what the options say.
 */
export async function simulate(options: SimulateOptions, hooks: SimulateHooks = {}): Promise<SimulationReport> {
  const startedAt = Date.now();
  const server = { url: options.url, token: options.token, isOwn: options.isOwn ?? false };
  const run = `${options.seed}-${startedAt.toString(36)}`;
  const verifies = options.verify !== 'never' && (await isHealthy(server));
  if (options.verify === 'always' && !verifies) {
    throw new SimulationFailed(`cannot verify: ${options.url} does not answer GET /health with success`);
  }
  const overwrittenBefore = verifies ? await overwrittenOn(server) : undefined;
  const tally = new Tally();
  hooks.onStart?.(run, () => tally.counts());
  const ledger = verifies ? new Ledger() : undefined;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  hooks.signal?.addEventListener('abort', interrupt);
  if (hooks.signal?.aborted === true) interrupt();

  const start = systemTimer.now();
  const state = () => ({ run, counts: tally.counts(), seconds: (systemTimer.now() - start) / 1_000 });
  const ticking = setInterval(() => hooks.onProgress?.({ phase: 'sending', ...state() }), 1_000);
  let failure: SimulationFailed | undefined;
  try {
    const payloads = pace(
      planPayloads(await readingsOf(options, startedAt, tally), { seed: options.seed, share: options.faults }),
      options,
      stop.signal,
      systemTimer,
    );
    await dispatch(counted(payloads, tally), {
      lanes: LANES,
      ...sending(await senderOf(server, options.transport, tally), { ...hooks, run, tally, ledger }, stop.signal),
      keyOf: ({ reading }: PlannedPayload) => reading.sensorId,
      stop,
    });
  } catch (error) {
    if (!(error instanceof SimulationFailed)) throw error;
    failure = error;
  } finally {
    clearInterval(ticking);
    hooks.signal?.removeEventListener('abort', interrupt);
  }
  const report = { ...state(), ...(failure === undefined ? {} : { failure }) };
  hooks.onProgress?.({ phase: 'sent', ...report });
  if (ledger === undefined || failure !== undefined) return report;

  const verification = await verify({
    server,
    run,
    ledger,
    from: startedAt,
    to: Date.now(),
    intendedDuplicates: report.counts.byKind.duplicate.accepted,
    timer: systemTimer,
    timeLimitMillis: CATCH_UP_MILLIS,
    onWaiting: (behind) => hooks.onProgress?.({ phase: 'verifying', behind }),
  });
  const overwritten = overwrittenBetween(overwrittenBefore, await overwrittenOn(server));
  return { ...report, verification, ...(overwritten !== undefined && { overwritten }) };
}

async function readingsOf({ source, rate, seed }: SimulateOptions, startedAt: number, tally: Tally) {
  if (source.type === 'fleet') {
    return fleetReadings({ devices: source.devices, rate, seed, start: source.start ?? startedAt });
  }
  // The server, which has a simulator too, must start without what reads files.
  const { csvReadings } = await import('./csv/reader.ts');
  return csvReadings(source, {
    onSkipped: () => tally.skipped++,
    onProblem: (problem) => tally.problem(problem),
  });
}

async function* counted(payloads: AsyncIterable<PlannedPayload>, tally: Tally): AsyncGenerator<PlannedPayload> {
  for await (const payload of payloads) {
    tally.planned(payload);
    yield payload;
  }
}

async function senderOf(server: ServerAddress, transport: SimulateOptions['transport'], tally: Tally): Promise<Sender> {
  const retry: RetryPolicy = {
    tries: 10,
    baseMillis: 100,
    capMillis: 5_000,
    timer: systemTimer,
    random: Math.random,
    onRetry: () => tally.retries++,
  };
  if (transport.type === 'http') return new HttpSender(server, retry);
  // The SDK takes its time to load, and the server, which has a simulator too, must start without it.
  const { kinesisClient, KinesisSender } = await import('./senders/kinesis.ts');
  return new KinesisSender(kinesisClient(server), transport.streamName, retry);
}

interface Parcel extends Message {
  readonly payload: PlannedPayload;
}

/** Where a run writes down what becomes of its payloads. */
interface Books extends Pick<SimulateHooks, 'onOutcome'> {
  readonly run: string;
  readonly tally: Tally;
  readonly ledger: Ledger | undefined;
}

/** How a lane sends what has gathered: encode and stamp, cut into requests, write down what the server says of each. */
function sending(sender: Sender, { run, tally, ledger, onOutcome }: Books, signal: AbortSignal) {
  const settle = (parcels: readonly Parcel[], outcomes: readonly (Outcome | undefined)[]) => {
    parcels.forEach(({ payload }, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return;
      tally.answered(payload, outcome);
      onOutcome?.(payload, outcome);
      if (outcome.accepted) ledger?.accept(outcome.shardId, outcome.sequenceNumber, payload.index);
    });
  };
  const send = async (payloads: readonly PlannedPayload[]) => {
    const sentAt = Date.now();
    const parcels = payloads.map((payload) => ({
      payload,
      partitionKey: payload.reading.sensorId,
      data: encodePayload(payload, { run, sentAt }),
    }));
    const { batches, oversized } = splitIntoBatches<Parcel>(parcels, sender.limits);
    for (const { item, bytes } of oversized) {
      tally.sent(item.payload);
      tally.answered(item.payload, { accepted: false, reason: `larger than a request may be: ${bytes} bytes` });
    }
    for (const batch of batches) {
      if (signal.aborted) return;
      for (const { payload } of batch) tally.sent(payload);
      try {
        settle(batch, await sender.send(batch, signal));
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        settle(batch, error.outcomes); // The rest stays sent and unanswered.
      }
    }
  };
  return { capacity: sender.limits.maxItems, send };
}
