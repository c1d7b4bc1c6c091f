import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clientOptions } from '../../../adapters/aws/client-options.ts';
import { CloudWatchMetrics } from '../../../adapters/aws/cloudwatch-metrics.ts';
import { StoreUnavailable } from '../../../core/errors.ts';
import type { MetricDatum } from '../../../core/ports.ts';
import { range, uniqueName } from '../../contracts/harness.ts';
import { metricsContract } from '../../contracts/metrics-contract.ts';
import { engineCredentials } from '../../support/engine-server.ts';
import { describeWithEngine } from '../../support/engines.ts';
import {
  calls,
  chosenBy,
  cutAfter,
  cutBefore,
  internalFailure,
  inTurn,
  refuse,
} from '../../support/fault-proxy/actions.ts';
import { jsonAnswer, jsonError, jsonOf } from '../../support/fault-proxy/answer.ts';
import {
  getMetricStatisticsLimits,
  plainBody,
  putMetricDataLimits,
  type PutMetricDataRequest,
} from '../../support/fault-proxy/cloudwatch-rules.ts';
import { type Action, type FaultProxy, startFaultProxy } from '../../support/fault-proxy/fault-proxy.ts';
import { useMotoBehindProxy } from '../../support/moto-behind-proxy.ts';
import type { MotoClientOptions } from '../../support/moto.ts';
import { sleepless } from '../../support/sleepless.ts';
import { Tape } from '../../support/tape.ts';

const MINUTE = 60_000;
const limits = [putMetricDataLimits, getMetricStatisticsLimits];
const putMetricData = calls('cloudwatch', 'PutMetricData');
const getMetricStatistics = calls('cloudwatch', 'GetMetricStatistics');

function createClient({ credentials, ...options }: MotoClientOptions, disableRequestCompression = true) {
  return new CloudWatchClient({ ...clientOptions(options), credentials, disableRequestCompression });
}

describeWithEngine('moto_server', 'CloudWatch metrics on moto', (executable) => {
  const engine = useMotoBehindProxy(executable, limits, createClient);
  const thisMinute = Math.floor(Date.now() / MINUTE) * MINUTE;
  const now = thisMinute + 1;
  const metrics = (): CloudWatchMetrics =>
    new CloudWatchMetrics({ ...sleepless(now), client: engine().client, patienceMillis: 600_000 });

  metricsContract('CloudWatch', async () => ({ metrics: metrics(), now }));

  test('knows a sensor by its longest id', async () => {
    const sensorId = '\u{1F331}'.repeat(256);
    await metrics().publish([{ sensorId, minute: thisMinute, values: [7], counts: [1] }]);
    expect(await metrics().statistics({ sensorId, from: thisMinute, to: now })).toMatchObject([{ sum: 7 }]);
  });

  test('stitches a range that is longer than the answer of one call', async () => {
    const { proxy } = engine();
    const sensorId = uniqueName('days');
    const minutes = [-4_000, -1_441, -1_440, -1, 0].map((index) => thisMinute + index * MINUTE);
    await metrics().publish(minutes.map((minute) => ({ sensorId, minute, values: [1], counts: [1] })));
    const statistics = await metrics().statistics({ sensorId, from: 0, to: now });
    expect(statistics.map(({ minute }) => minute)).toEqual(minutes);
    // Minutes are kept for 15 days, and a call answers one.
    expect(proxy.calls.filter(getMetricStatistics)).toHaveLength(15);
  });

  test('loses no value under any mix of faults, and counts one twice only where an answer was lost', async () => {
    const { proxy } = engine();
    const faults = [refuse('ThrottlingException'), internalFailure, cutBefore, cutAfter];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 4 }), { maxLength: 10 }), async (choices) => {
        const sensorId = uniqueName('faults');
        proxy.rules = [chosenBy(new Tape(choices), putMetricData, faults)];
        await metrics().publish([
          { sensorId, minute: thisMinute, values: range(200), counts: range(200).map(() => 1) },
        ]);
        proxy.rules = [inTurn(getMetricStatistics, [refuse('Throttling'), cutBefore, cutAfter])];
        const [statistics] = await metrics().statistics({ sensorId, from: thisMinute, to: thisMinute });
        const lostAnswers = choices.filter((choice) => choice === 4).length;
        expect(statistics).toMatchObject({ minimum: 0, maximum: 199 });
        expect(statistics!.sampleCount % 200).toBe(0);
        expect(statistics!.sampleCount / 200).toBeGreaterThanOrEqual(1);
        expect(statistics!.sampleCount / 200).toBeLessThanOrEqual(1 + lostAnswers);
      }),
      { numRuns: 15 },
    );
  });
});

describe('CloudWatch metrics, as they are sent', () => {
  let proxy: FaultProxy;
  let client: CloudWatchClient;
  let compressing: CloudWatchClient;

  beforeAll(async () => {
    proxy = await startFaultProxy({ target: 'http://127.0.0.1:9', limits });
    const options = { ...engineCredentials, endpoint: proxy.url };
    client = createClient(options);
    compressing = createClient(options, false);
  });

  afterAll(async () => {
    client.destroy();
    compressing.destroy();
    await proxy.close();
  });

  const takes: Action = async () => jsonAnswer({});

  function metricsMeeting(action: Action, from = client) {
    proxy.calls.length = 0;
    proxy.rules = [{ matches: () => true, action }];
    const { clock, ...backoff } = sleepless();
    return { clock, metrics: new CloudWatchMetrics({ ...backoff, clock, client: from }) };
  }

  function sent(): PutMetricDataRequest[] {
    return proxy.calls.map((call) => jsonOf({ body: plainBody(call) }) as PutMetricDataRequest);
  }

  const datum = (overrides: Partial<MetricDatum> = {}): MetricDatum => ({
    sensorId: 'kitchen',
    minute: Date.UTC(2026, 0, 15, 12),
    values: [21.5],
    counts: [1],
    ...overrides,
  });

  test('keep the names of the contract', async () => {
    const { metrics } = metricsMeeting(takes);
    await metrics.publish([datum({ values: [21.5, 22], counts: [2, 1] })]);
    expect(sent()).toEqual([
      {
        Namespace: 'Sensors',
        MetricData: [
          {
            MetricName: 'SensorData',
            Dimensions: [{ Name: 'SensorId', Value: 'kitchen' }],
            Timestamp: Date.UTC(2026, 0, 15, 12) / 1_000,
            Values: [21.5, 22],
            Counts: [2, 1],
          },
        ],
      },
    ]);
  });

  test('split the values of a datum at 150, each with its count', async () => {
    const { metrics } = metricsMeeting(takes);
    await metrics.publish([datum({ values: range(301), counts: range(301).map((n) => n + 1) })]);
    const parts = sent().flatMap(({ MetricData }) => MetricData);
    expect(parts.map(({ Values }) => Values?.length)).toEqual([150, 150, 1]);
    expect(parts.flatMap(({ Values }) => Values)).toEqual(range(301));
    expect(parts.flatMap(({ Counts }) => Counts)).toEqual(range(301).map((n) => n + 1));
  });

  test('take as few calls as the number of data allows', async () => {
    const { metrics } = metricsMeeting(takes);
    await metrics.publish(range(2_001).map((n) => datum({ sensorId: `sensor-${n}` })));
    expect(
      sent()
        .map(({ MetricData }) => MetricData.length)
        .sort((a, b) => b - a),
    ).toEqual([1_000, 1_000, 1]);
    expect(proxy.violations).toEqual([]);
  });

  test('stay below 1 MB a call, for the longest values and ids', async () => {
    const { metrics } = metricsMeeting(takes);
    const values = range(150).map((n) => -1.234567890123456e-100 * (n + 1));
    const counts = values.map(() => 1);
    await metrics.publish(
      range(600).map((n) => datum({ sensorId: `"${n}${'\u{1F331}'.repeat(200)}`, values, counts })),
    );
    expect(sent().reduce((sum, { MetricData }) => sum + MetricData.length, 0)).toBe(600);
    expect(proxy.calls.length).toBeGreaterThan(1);
    expect(proxy.violations).toEqual([]);
  });

  test('are compressed unless the client is told not to', async () => {
    const { metrics } = metricsMeeting(takes, compressing);
    await metrics.publish(range(500).map((n) => datum({ sensorId: `sensor-${n}` })));
    expect(proxy.calls.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip']);
    expect(sent()[0]?.MetricData).toHaveLength(500);
    expect(proxy.violations).toEqual([]);
  });

  test.each<[string, Partial<MetricDatum>]>([
    ['no value', { values: [], counts: [] }],
    ['NaN', { values: [NaN] }],
    ['Infinity', { values: [Infinity] }],
    ['a value above 2^360', { values: [2 ** 361] }],
    ['a count of 0', { counts: [0] }],
    ['counts that are not as many as the values', { counts: [1, 1] }],
  ])('are refused as a whole for %s, and nothing is sent', async (_, wrong) => {
    const { metrics } = metricsMeeting(takes);
    await expect(metrics.publish([datum(), datum(wrong)])).rejects.toThrow(
      /^(values|counts): of the metric of kitchen/,
    );
    expect(proxy.calls).toEqual([]);
  });

  test('are retried while time is left, and no longer', async () => {
    const { clock, metrics } = metricsMeeting(refuse('ThrottlingException'));
    const deadline = clock.now() + 5_000;
    const published = metrics.publish([datum()], { remainingMillis: () => deadline - clock.now() });
    await expect(published).rejects.toThrow(StoreUnavailable);
    await expect(published).rejects.toThrow(/^metrics: did not take 1 data \(ThrottlingException/);
    expect(proxy.calls.length).toBeGreaterThan(3);
    expect(clock.now()).toBeLessThanOrEqual(deadline);
  });

  test('are not retried where CloudWatch finds them wrong', async () => {
    const { metrics } = metricsMeeting(async () => jsonError(400, 'InvalidParameterValueException', 'wrong'));
    await expect(metrics.publish([datum()])).rejects.toThrow('wrong');
    expect(proxy.calls).toHaveLength(1);
  });

  describe('asking for statistics', () => {
    const point = (minute: number, sum: number) => ({
      Timestamp: minute / 1_000,
      SampleCount: 1,
      Sum: sum,
      Minimum: sum,
      Maximum: sum,
      Unit: 'None',
    });

    test('sorts the points, which CloudWatch gives in no order', async () => {
      const first = Date.UTC(2026, 0, 15, 11);
      const { metrics } = metricsMeeting(async () =>
        jsonAnswer({ Label: 'SensorData', Datapoints: [2, 0, 1].map((n) => point(first + n * MINUTE, n)) }),
      );
      const statistics = await metrics.statistics({ sensorId: 'kitchen', from: first, to: first + 2 * MINUTE });
      expect(statistics.map(({ minute, sum }) => [minute, sum])).toEqual(range(3).map((n) => [first + n * MINUTE, n]));
    });

    test('asks for the minutes that begin within the range, both ends inclusive', async () => {
      const noon = Date.UTC(2026, 0, 15, 12);
      const { metrics } = metricsMeeting(async () => jsonAnswer({ Datapoints: [] }));
      await metrics.statistics({ sensorId: 'kitchen', from: noon - 10 * MINUTE + 1, to: noon });
      expect(proxy.calls.map(jsonOf)).toMatchObject([
        {
          StartTime: (noon - 9 * MINUTE) / 1_000,
          EndTime: (noon + MINUTE) / 1_000,
          Period: 60,
        },
      ]);
    });

    test('does not ask about a range in which no minute begins, or of which CloudWatch knows no minutes', async () => {
      const { clock, metrics } = metricsMeeting(takes);
      const now = clock.now();
      for (const [from, to] of [
        [now + 1, now + MINUTE - 1],
        [now, now - MINUTE],
        [0, now - 16 * 24 * 60 * MINUTE],
        [now + 3 * 60 * MINUTE, now + 4 * 60 * MINUTE],
      ] as const) {
        expect(await metrics.statistics({ sensorId: 'kitchen', from, to })).toEqual([]);
      }
      expect(proxy.calls).toEqual([]);
    });
  });
});
