import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription/index.js';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic/index.js';
import { Construct } from 'constructs';
import type { WatchedMetric } from '../metrics.ts';

export interface AlarmsOptions {
  readonly stack: string;
  readonly metrics: readonly WatchedMetric[];
  /** Without one the alarms are to be looked at. */
  readonly email: string | undefined;
}

export class Alarms extends Construct {
  readonly arns: readonly string[];

  constructor(scope: Construct, id: string, { stack, metrics, email }: AlarmsOptions) {
    super(scope, id);
    const actions = email === undefined ? [] : [this.#topic(stack, email)];
    this.arns = metrics.map((metric) => {
      const alarm = new CloudwatchMetricAlarm(this, metric.alarmName, {
        alarmName: metric.alarmName,
        alarmDescription: metric.description,
        namespace: metric.namespace,
        metricName: metric.metricName,
        dimensions: { ...metric.dimensions },
        statistic: metric.statistic,
        comparisonOperator: 'GreaterThanThreshold',
        threshold: metric.threshold,
        period: metric.periodSeconds,
        evaluationPeriods: metric.periods,
        // No traffic is no problem: a function that is not invoked reports nothing.
        treatMissingData: 'notBreaching',
        alarmActions: actions,
        okActions: actions,
      });
      return alarm.arn;
    });
  }

  #topic(stack: string, email: string): string {
    const topic = new SnsTopic(this, 'topic', { name: `${stack}-alarms` });
    new SnsTopicSubscription(this, 'email', { topicArn: topic.arn, protocol: 'email', endpoint: email });
    return topic.arn;
  }
}
