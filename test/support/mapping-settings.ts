import type { EventSourceMappingSettings } from '../../core/pipeline.ts';

/** Lambda's defaults (CreateEventSourceMapping) with what a test wants otherwise. */
export function mappingSettings(changes: Partial<EventSourceMappingSettings> = {}): EventSourceMappingSettings {
  return {
    batchSize: 100,
    maximumBatchingWindowInSeconds: 0,
    parallelizationFactor: 1,
    startingPosition: 'TRIM_HORIZON',
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
    bisectBatchOnFunctionError: false,
    reportBatchItemFailures: false,
    ...changes,
  };
}
