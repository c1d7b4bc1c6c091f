import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js';
import { Construct } from 'constructs';
import {
  checkEventSourceMapping,
  type ConsumerSettings,
  type EventSourceMappingSettings,
} from '../../core/pipeline.ts';
import { formatTimestamp } from '../../core/timestamp.ts';
import { LambdaFunction, type LambdaFunctionOptions } from './lambda-function.ts';
import type { Stream } from './stream.ts';
import type { Undelivered } from './undelivered.ts';

export interface StreamProcessorOptions extends LambdaFunctionOptions {
  readonly settings: ConsumerSettings;
  readonly stream: Stream;
  readonly undelivered: Undelivered;
}

/** A consumer of the stream: a function and the mapping that feeds it. */
export class StreamProcessor extends Construct {
  readonly function: LambdaFunction;
  readonly mappingId: string;

  constructor(scope: Construct, id: string, { stream, undelivered, ...options }: StreamProcessorOptions) {
    super(scope, id);
    this.function = new LambdaFunction(this, 'function', {
      ...options,
      statements: [stream.readStatement(), ...undelivered.failureStatements(), ...options.statements],
    });
    const mapping = new LambdaEventSourceMapping(this, 'mapping', {
      eventSourceArn: stream.arn,
      functionName: this.function.arn,
      ...mappingOf(options.settings.mapping),
      // S3 and not a queue: it keeps the payload, a queue would be told the sequence numbers only.
      destinationConfig: { onFailure: { destinationArn: undelivered.bucket.arn } },
      // Counts what goes to the failure destination and what is dropped, for the alarms.
      metricsConfig: { metrics: ['EventCount'] },
    });
    this.mappingId = mapping.uuid;
  }
}

/** The settings of the pipeline, by the names that the provider has for them. @throws InvalidRequest */
export function mappingOf(settings: EventSourceMappingSettings) {
  checkEventSourceMapping(settings, Date.now());
  return {
    batchSize: settings.batchSize,
    maximumBatchingWindowInSeconds: settings.maximumBatchingWindowInSeconds,
    parallelizationFactor: settings.parallelizationFactor,
    startingPosition: settings.startingPosition,
    ...(settings.startingPositionTimestamp !== undefined && {
      startingPositionTimestamp: formatTimestamp(settings.startingPositionTimestamp),
    }),
    maximumRetryAttempts: settings.maximumRetryAttempts,
    maximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    bisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
    ...(settings.filterCriteria !== undefined && {
      filterCriteria: { filter: settings.filterCriteria.filters.map(({ pattern }) => ({ pattern })) },
    }),
    ...(settings.tumblingWindowInSeconds !== undefined && {
      tumblingWindowInSeconds: settings.tumblingWindowInSeconds,
    }),
    functionResponseTypes: settings.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
  };
}
