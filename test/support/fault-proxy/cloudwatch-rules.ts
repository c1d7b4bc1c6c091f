/** The documented limits of the calls that the project makes to CloudWatch. */
import { gunzipSync } from 'node:zlib';
import { jsonError, jsonOf } from './answer.ts';
import type { Call } from './call.ts';
import type { LimitCheck, Violation } from './fault-proxy.ts';

const MAX_DATA = 1_000;
const MAX_BYTES = 1_000_000;
const MAX_VALUES = 150;
const MAX_MAGNITUDE = 2 ** 360;
const MAX_DIMENSIONS = 30;
const MAX_POINTS = 1_440;

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}
interface Datum {
  readonly Dimensions?: readonly Dimension[];
  readonly Values?: readonly unknown[];
  readonly Counts?: readonly unknown[];
}
export interface PutMetricDataRequest {
  readonly Namespace: string;
  readonly MetricData: readonly Datum[];
}
interface GetMetricStatisticsRequest {
  /** Seconds since 1970. */
  readonly StartTime: number;
  readonly EndTime: number;
  readonly Period: number;
}

/** The body as it was before the SDK compressed it. */
export function plainBody({ headers, body }: Call): Buffer {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** API Reference, PutMetricData, MetricDatum and Dimension. The size is held to also before compression. */
export const putMetricDataLimits: LimitCheck = (call) => {
  if (call.service !== 'cloudwatch' || call.operation !== 'PutMetricData') return undefined;
  const body = plainBody(call);
  if (body.length > MAX_BYTES) return refusal(`${body.length} bytes in a call`);
  const { Namespace, MetricData } = jsonOf({ body }) as PutMetricDataRequest;
  if (!/^(?!AWS\/)[\x20-\x7e]{1,255}$/.test(Namespace)) return refusal(`the namespace ${Namespace}`);
  if (MetricData.length < 1 || MetricData.length > MAX_DATA) return refusal(`${MetricData.length} data`);
  const problem = MetricData.map(datumProblem).find((found) => found !== undefined);
  return problem === undefined ? undefined : refusal(problem);
};

/** API Reference, GetMetricStatistics: data points of a call, and the range and period that make them. */
export const getMetricStatisticsLimits: LimitCheck = (call) => {
  if (call.service !== 'cloudwatch' || call.operation !== 'GetMetricStatistics') return undefined;
  const { StartTime, EndTime, Period } = jsonOf(call) as GetMetricStatisticsRequest;
  if (StartTime >= EndTime) return refusal('a start that is not before the end');
  if (Period % 60 !== 0) return refusal(`a period of ${Period} seconds`);
  const points = (EndTime - StartTime) / Period;
  return points > MAX_POINTS ? refusal(`${points} data points`) : undefined;
};

function datumProblem({ Dimensions = [], Values = [], Counts }: Datum): string | undefined {
  if (Dimensions.length > MAX_DIMENSIONS) return `${Dimensions.length} dimensions`;
  const misnamed = Dimensions.find(
    ({ Name, Value }) => !isDimension(Name, 255) || Name.startsWith(':') || !isDimension(Value, 1_024),
  );
  if (misnamed !== undefined) return `the dimension ${JSON.stringify(misnamed)}`;
  if (Values.length < 1 || Values.length > MAX_VALUES) return `${Values.length} values in a datum`;
  if (Counts !== undefined && Counts.length !== Values.length)
    return `${Counts.length} counts of ${Values.length} values`;
  const wrong = Values.find((value) => typeof value !== 'number' || Math.abs(value) > MAX_MAGNITUDE);
  return wrong === undefined ? undefined : `the value ${JSON.stringify(wrong)}`;
}

/** ASCII without control characters, of which one at least is no white space. */
function isDimension(text: string, maxLength: number): boolean {
  return /^(?=.*[!-~])[ -~]+$/.test(text) && text.length <= maxLength;
}

function refusal(problem: string): Violation {
  return { problem, answer: jsonError(400, 'InvalidParameterValueException', problem) };
}
