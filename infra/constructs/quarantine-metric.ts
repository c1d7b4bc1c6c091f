import { CloudwatchLogMetricFilter } from '@cdktf/provider-aws/lib/cloudwatch-log-metric-filter/index.js';
import { Construct } from 'constructs';
import { quarantineMetric } from '../metrics.ts';
import type { LambdaFunction } from './lambda-function.ts';

export interface QuarantineMetricOptions {
  readonly stack: string;
  readonly storeReadings: LambdaFunction;
}

/** Counts refused records out of the lines that the table writer logs for each batch: no call of its own, no permission. */
export class QuarantineMetric extends Construct {
  constructor(scope: Construct, id: string, { stack, storeReadings }: QuarantineMetricOptions) {
    super(scope, id);
    const { metricName, namespace } = quarantineMetric(stack);
    new CloudwatchLogMetricFilter(this, 'filter', {
      name: `${stack}-quarantined`,
      logGroupName: storeReadings.logGroupName,
      pattern: '{ $.quarantined > 0 }',
      metricTransformation: { name: metricName, namespace, value: '$.quarantined' },
    });
  }
}
