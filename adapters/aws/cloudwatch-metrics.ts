/**
 * The metric on CloudWatch. It leaves values of `SensorData` in the namespace `Sensors`, one metric per sensor under the
 * dimension `SensorId` (`sensor-id-dimension.ts`), each of which is billed. CloudWatch keeps data points of a minute for
 * 15 days, sums them up to 5 minutes until day 63 and to an hour for 15 months, and then drops them. It shows values
 * some time after they were published.
 *
 * PutMetricData is not idempotent. A call whose answer was lost is tried again all the same: a value may count twice, but
 * none is missing for a cut connection. A batch that fails in part throws after the calls under way have ended.
 */
import {
  type CloudWatchClient,
  type Datapoint,
  GetMetricStatisticsCommand,
  type MetricDatum as CloudWatchDatum,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { splitIntoBatches } from '../../core/batching.ts';
import { checkMetricDatum } from '../../core/metric-data.ts';
import type { CallOptions, Clock, EpochMillis, MetricDatum, Metrics, MetricStatistics } from '../../core/ports.ts';
import { FAR_FUTURE_MILLIS } from '../../core/reading.ts';
import { Backoff, type BackoffOptions, OutOfTime, type RemainingMillis } from './backoff.ts';
import { mapInParallel } from './map-in-parallel.ts';
import { formatSensorIdDimension } from './sensor-id-dimension.ts';
import { unavailable } from './translate-error.ts';

const NAMESPACE = 'Sensors';
const METRIC_NAME = 'SensorData';
const DIMENSION = 'SensorId';

/** PutMetricData: values of a datum, data of a call, and bytes of a call, of which some are its frame. */
const MAX_VALUES = 150;
const MAX_DATA = 1_000;
const MAX_BYTES = 1_000_000 - 1_000;

const MINUTE_SECONDS = 60;
const MINUTE_MILLIS = MINUTE_SECONDS * 1_000;
/** GetMetricStatistics: "The maximum number of data points returned from a single call is 1,440." */
const MAX_POINTS_MILLIS = 1_440 * MINUTE_MILLIS;
/** For how long CloudWatch keeps data points of a minute. */
const RETENTION_MILLIS = 15 * 24 * 60 * MINUTE_MILLIS;

/** Far below the default quotas of either call, so that several functions fit in. */
const MAX_REQUESTS_IN_FLIGHT = 4;

export interface CloudWatchMetricsOptions extends BackoffOptions {
  /** Compresses large requests unless its option `disableRequestCompression` is set, as some emulators need. */
  readonly client: CloudWatchClient;
  readonly clock: Clock;
  /** How long a call is retried whose caller sets no limit; 10,000 unless given. */
  readonly patienceMillis?: number;
}

interface TimeRange {
  readonly start: EpochMillis;
  /** Exclusive. */
  readonly end: EpochMillis;
}

export class CloudWatchMetrics implements Metrics {
  readonly #client: CloudWatchClient;
  readonly #patienceMillis: number;
  readonly #backoff: Backoff;
  readonly #clock: Clock;

  constructor({ client, clock, patienceMillis = 10_000, ...backoff }: CloudWatchMetricsOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#patienceMillis = patienceMillis;
    this.#backoff = new Backoff(backoff);
  }

  /** @throws InvalidRequest where CloudWatch would refuse a datum: nothing is published. */
  async publish(data: readonly MetricDatum[], options: CallOptions = {}): Promise<void> {
    data.forEach(checkMetricDatum);
    const { batches } = splitIntoBatches(data.flatMap(toCloudWatchData), {
      maxItems: MAX_DATA,
      maxBytes: MAX_BYTES,
      // All of it is ASCII, and times are shorter on the wire than here.
      bytesOf: (datum) => JSON.stringify(datum).length + 1,
    });
    const remaining = options.remainingMillis ?? this.#patience();
    await mapInParallel(batches, MAX_REQUESTS_IN_FLIGHT, async (batch, index) => {
      const command = new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData: [...batch] });
      await this.#retry(`did not take ${batch.length} data`, remaining, async (abortSignal) => {
        if (index > 0 && remaining() <= 0) throw new OutOfTime();
        await this.#client.send(command, { abortSignal });
      });
    });
  }

  /** Of a range that reaches further back than minutes are kept, what is still there. */
  async statistics(query: {
    readonly sensorId: string;
    readonly from: EpochMillis;
    readonly to: EpochMillis;
  }): ReturnType<Metrics['statistics']> {
    const remaining = this.#patience();
    const pages = await mapInParallel(
      splitRange(query, this.#clock.now()),
      MAX_REQUESTS_IN_FLIGHT,
      async ({ start, end }) => {
        const command = new GetMetricStatisticsCommand({
          Namespace: NAMESPACE,
          MetricName: METRIC_NAME,
          Dimensions: dimensionsOf(query.sensorId),
          StartTime: new Date(start),
          EndTime: new Date(end),
          Period: MINUTE_SECONDS,
          Statistics: ['SampleCount', 'Sum', 'Minimum', 'Maximum'],
        });
        const { Datapoints = [] } = await this.#retry('gave no statistics', remaining, (abortSignal) =>
          this.#client.send(command, { abortSignal }),
        );
        return Datapoints.flatMap(toStatistics);
      },
    );
    // CloudWatch gives the points of a call in no order.
    return pages.flat().sort((a, b) => a.minute - b.minute);
  }

  #patience(): RemainingMillis {
    return this.#backoff.countDown(this.#patienceMillis);
  }

  async #retry<Result>(
    problem: string,
    remaining: RemainingMillis,
    work: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.#backoff.retry(remaining, work);
    } catch (error) {
      throw unavailable('metrics', problem, error);
    }
  }
}

function toCloudWatchData({ sensorId, minute, values, counts }: MetricDatum): CloudWatchDatum[] {
  return Array.from({ length: Math.ceil(values.length / MAX_VALUES) }, (_, part) => {
    const [start, end] = [part * MAX_VALUES, (part + 1) * MAX_VALUES];
    return {
      MetricName: METRIC_NAME,
      Dimensions: dimensionsOf(sensorId),
      Timestamp: new Date(minute),
      Values: values.slice(start, end),
      Counts: counts.slice(start, end),
    };
  });
}

function dimensionsOf(sensorId: string): { Name: string; Value: string }[] {
  return [{ Name: DIMENSION, Value: formatSensorIdDimension(sensorId) }];
}

/** The minutes of [from, to] of which CloudWatch can know, in ranges of which each fits a call. */
function splitRange({ from, to }: { readonly from: EpochMillis; readonly to: EpochMillis }, now: EpochMillis) {
  const first = Math.ceil(Math.max(from, now - RETENTION_MILLIS) / MINUTE_MILLIS) * MINUTE_MILLIS;
  const last = Math.floor(Math.min(to, now + FAR_FUTURE_MILLIS) / MINUTE_MILLIS) * MINUTE_MILLIS;
  const ranges: TimeRange[] = [];
  for (let start = first; start <= last; start += MAX_POINTS_MILLIS) {
    ranges.push({ start, end: Math.min(start + MAX_POINTS_MILLIS, last + MINUTE_MILLIS) });
  }
  return ranges;
}

function toStatistics({ Timestamp, SampleCount, Sum, Minimum, Maximum }: Datapoint): MetricStatistics[] {
  if (
    Timestamp === undefined ||
    SampleCount === undefined ||
    Sum === undefined ||
    Minimum === undefined ||
    Maximum === undefined
  ) {
    return [];
  }
  return [{ minute: Timestamp.getTime(), sampleCount: SampleCount, sum: Sum, minimum: Minimum, maximum: Maximum }];
}
