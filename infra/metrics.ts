/** What is watched, in one list: each entry is an alarm, and a line on the dashboard. */
import type { StackNames } from '../core/stack-names.ts';

export interface WatchedMetric {
  /** Name of the alarm. */
  readonly alarmName: string;
  /** What it means and where to look first. */
  readonly description: string;
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
  /** Alarm above this. */
  readonly threshold: number;
  readonly periodSeconds: number;
  /** How many periods in a row. */
  readonly periods: number;
}

export type MetricName = Pick<WatchedMetric, 'namespace' | 'metricName' | 'dimensions'>;

/** Counted out of the log of the table writer. */
export function quarantineMetric(stack: string): MetricName {
  return { namespace: `IoT/${stack}`, metricName: 'QuarantinedRecords', dimensions: {} };
}

/**
 * A consumer that is this far behind has not kept up for minutes, and there are hours left: it gives a record up after
 * `maximumRecordAgeInSeconds`, and the stream forgets it after its retention.
 */
const ITERATOR_AGE_MILLIS = 10 * 60 * 1_000;
/** A device that sends what is no reading is normal, one in a while; a fleet that does so is not. */
const QUARANTINED_PER_PERIOD = 10;

const MINUTE = 60;
const FIVE_MINUTES = 5 * MINUTE;
const once = { statistic: 'Sum', threshold: 0, periodSeconds: FIVE_MINUTES, periods: 1 } as const;

/** @param mappingIds Of the event source mappings, known when they are made. */
export function watchedMetrics(
  stack: string,
  names: StackNames,
  mappingIds: { readonly archiveEvents: string; readonly storeReadings: string },
): readonly WatchedMetric[] {
  const consumers = [
    { functionName: names.archiveEvents, mappingId: mappingIds.archiveEvents },
    { functionName: names.storeReadings, mappingId: mappingIds.storeReadings },
  ];
  const functionNames = [names.archiveEvents, names.storeReadings, names.sensorHistory];
  return [
    ...consumers.flatMap(({ functionName, mappingId }): WatchedMetric[] => [
      {
        alarmName: `${functionName}-iterator-age`,
        description: `${functionName} is behind: its log says why. Nothing is lost until the failure destination alarms.`,
        namespace: 'AWS/Lambda',
        metricName: 'IteratorAge',
        dimensions: { FunctionName: functionName },
        statistic: 'Maximum',
        threshold: ITERATOR_AGE_MILLIS,
        periodSeconds: MINUTE,
        periods: 5,
      },
      {
        alarmName: `${functionName}-gave-up`,
        description: `The mapping of ${functionName} gave up records: they are whole in the undelivered bucket under aws/lambda/.`,
        namespace: 'AWS/Lambda',
        metricName: 'OnFailureDestinationDeliveredEventCount',
        dimensions: { EventSourceMappingUUID: mappingId },
        ...once,
      },
      {
        alarmName: `${functionName}-dropped`,
        description: `The mapping of ${functionName} dropped records: the failure destination did not take them. They are in the stream until its retention ends.`,
        namespace: 'AWS/Lambda',
        metricName: 'DroppedEventCount',
        dimensions: { EventSourceMappingUUID: mappingId },
        ...once,
      },
    ]),
    ...functionNames.flatMap((functionName) =>
      ['Errors', 'Throttles'].map((metricName): WatchedMetric => ({
        alarmName: `${functionName}-${metricName.toLowerCase()}`,
        description:
          metricName === 'Errors'
            ? `${functionName} failed: its log has the stack trace.`
            : `${functionName} was not run: the account's concurrency is used up.`,
        namespace: 'AWS/Lambda',
        metricName,
        dimensions: { FunctionName: functionName },
        ...once,
      })),
    ),
    ...['Write', 'Read'].map((kind): WatchedMetric => ({
      alarmName: `${stack}-${kind.toLowerCase()}-throttles`,
      description: `The table throttled: growth beyond twice its peak within 30 minutes, or one sensor above 1,000 writes a second.`,
      namespace: 'AWS/DynamoDB',
      metricName: `${kind}ThrottleEvents`,
      dimensions: { TableName: names.table },
      ...once,
      periods: 3,
    })),
    {
      alarmName: `${stack}-quarantined`,
      description: 'Devices send what is no reading: the undelivered bucket has it with the reason under quarantine/.',
      ...quarantineMetric(stack),
      ...once,
      threshold: QUARANTINED_PER_PERIOD,
    },
  ];
}
