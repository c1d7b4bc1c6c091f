import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard/index.js';
import { Construct } from 'constructs';
import type { WatchedMetric } from '../metrics.ts';

export interface DashboardOptions {
  readonly stack: string;
  readonly region: string;
  readonly streamName: string;
  readonly metrics: readonly WatchedMetric[];
  readonly alarmArns: readonly string[];
}

/** CloudWatch lays out in a grid of 24 columns. */
const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;
const ALARM_ROWS = 4;

type Line = Pick<WatchedMetric, 'namespace' | 'metricName' | 'dimensions' | 'statistic'>;

/** The state of all alarms, what comes in, and every metric that has an alarm, those of one name in one graph. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { stack, region, streamName, metrics, alarmArns }: DashboardOptions) {
    super(scope, id);
    const incoming: Line = {
      namespace: 'AWS/Kinesis',
      metricName: 'IncomingRecords',
      dimensions: { StreamName: streamName },
      statistic: 'Sum',
    };
    // The one sign of too few shards that no alarm shows: producers are told, not this side.
    const throttledPuts: Line = { ...incoming, metricName: 'WriteProvisionedThroughputExceeded' };
    const graphs = groupByName([incoming, throttledPuts, ...metrics]);
    new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: stack,
      dashboardBody: JSON.stringify({
        widgets: [
          {
            type: 'alarm',
            x: 0,
            y: 0,
            width: 24,
            height: ALARM_ROWS,
            properties: { title: 'Alarms', alarms: alarmArns },
          },
          ...[...graphs].map(([title, lines], index) => ({
            type: 'metric',
            x: (index % COLUMNS) * WIDTH,
            y: ALARM_ROWS + Math.floor(index / COLUMNS) * HEIGHT,
            width: WIDTH,
            height: HEIGHT,
            properties: { title, region, period: 60, metrics: lines.map(toGraphLine) },
          })),
        ],
      }),
    });
  }
}

function groupByName(lines: readonly Line[]): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of lines) groups.set(line.metricName, [...(groups.get(line.metricName) ?? []), line]);
  return groups;
}

/** [namespace, metric, dimension name, dimension value, …, options] */
function toGraphLine({ namespace, metricName, dimensions, statistic }: Line): unknown[] {
  return [namespace, metricName, ...Object.entries(dimensions).flat(), { stat: statistic }];
}
