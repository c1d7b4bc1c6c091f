/** What event source mappings for Kinesis did on AWS, as data. Whoever has another recording adds a row. */
import type { EventSourceMappingSettings } from '../../core/pipeline.ts';

/** What the function does with every batch. Records are named by their place in the order of the puts, from 0. */
export type RecordedFunction =
  | { readonly returns: unknown }
  /** Answers a response in which `$id` stands for the sequence number of the batch's first record. */
  | { readonly reports: unknown }
  /** Reports this record whenever it is in the batch. */
  | { readonly reportsRecord: number }
  | { readonly throws: true }
  | { readonly takesMillis: number };

export interface RecordedMapping {
  readonly name: string;
  /** Where the recording is. */
  readonly source: string;
  readonly settings: Partial<EventSourceMappingSettings>;
  /** Partition keys that are put in one call, and when: milliseconds after the mapping was started, negative for before. */
  readonly puts: readonly {
    readonly at: number;
    readonly keys: readonly string[];
    /** Of every record of the call; JSON. */
    readonly data?: unknown;
  }[];
  /** When the mapping is disabled, in milliseconds after it was started. */
  readonly disabledAt?: number;
  readonly function: RecordedFunction;
  readonly expected: {
    /** How often each record was delivered. */
    readonly deliveries?: readonly number[];
    /** The batches, in order. */
    readonly batches?: readonly (readonly number[])[];
    /** The least time between the starts of two invocations. */
    readonly millisBetweenInvocations?: number;
    /** Members of the failure records; `undefined` is a member that must be absent. */
    readonly failures: readonly Failure[];
    /** No later than this after its arrival was a record given up. */
    readonly givenUpWithinMillis?: number;
  };
}

interface Failure {
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  /** Not stated where AWS's number follows from its undocumented back-off: then it is that of the deliveries. */
  readonly approximateInvokeCount?: number;
  readonly batchSize: number;
  /** The first and the last record. */
  readonly ends: readonly [number, number];
  readonly responseContext: { readonly statusCode: 200; readonly functionError: 'Unhandled' | null } | undefined;
}

const suite = 'localstack/localstack 8b9a79f0, tests/aws/services/lambda_/event_source_mapping/';
const kinesis = `${suite}test_lambda_integration_kinesis.snapshot.json, recorded on AWS: `;
const dynamoDb = `${suite}test_lambda_integration_dynamodbstreams.snapshot.json (the same poller), recorded on AWS: `;

const returned = { statusCode: 200, functionError: null } as const;
const failed = { statusCode: 200, functionError: 'Unhandled' } as const;
const keys = (count: number, key: string) => Array.from({ length: count }, () => key);
const range = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

/** One record, two retries: a response that is a complete failure is tried three times. */
function completeFailure(name: string, response: unknown): RecordedMapping {
  return {
    name: `complete failure: ${name}`,
    source: `${kinesis}test_kinesis_report_batch_item_failure_scenarios, failure cases`,
    settings: {
      batchSize: 1,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: 2,
      reportBatchItemFailures: true,
    },
    puts: [{ at: 0, keys: ['test'] }],
    function: { reports: response },
    expected: {
      deliveries: [3],
      failures: [
        {
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 3,
          batchSize: 1,
          ends: [0, 0],
          responseContext: returned,
        },
      ],
    },
  };
}

/** The same, with a response that is a success. */
function success(name: string, response: unknown): RecordedMapping {
  return {
    ...completeFailure(name, response),
    name: `success: ${name}`,
    source: `${kinesis}test_kinesis_report_batch_item_success_scenarios`,
    function: { returns: response },
    expected: { deliveries: [1], failures: [] },
  };
}

export const recordedMappings: readonly RecordedMapping[] = [
  {
    name: 'the records behind a partial response are a new batch with all its retries',
    source: `${kinesis}test_kinesis_report_batch_item_failures; ${dynamoDb}test_dynamodb_report_batch_item_failures`,
    settings: {
      batchSize: 3,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: 3,
      reportBatchItemFailures: true,
    },
    puts: [{ at: 0, keys: range(0, 6).map((n) => `test_${n}`) }],
    function: { reportsRecord: 5 },
    expected: {
      deliveries: [1, 1, 1, 1, 1, 5],
      failures: [
        {
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 4,
          batchSize: 1,
          ends: [5, 5],
          responseContext: returned,
        },
      ],
    },
  },
  success('an empty list as response', []),
  success('null', null),
  success('an empty object', {}),
  success('an empty list of failures', { batchItemFailures: [] }),
  success('null as list of failures', { batchItemFailures: null }),
  completeFailure('an identifier that is a number', { batchItemFailures: [{ itemIdentifier: 123 }] }),
  completeFailure('an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }),
  completeFailure('null as identifier', { batchItemFailures: [{ itemIdentifier: null }] }),
  completeFailure('a misnamed identifier', { batchItemFailures: [{ foo: 123 }] }),
  completeFailure('a misnamed identifier that is null', { batchItemFailures: [{ foo: null }] }),
  {
    name: 'a function that throws is tried again as often as is set',
    source: `${kinesis}test_kinesis_event_source_mapping_with_s3_on_failure_destination`,
    settings: { batchSize: 1, maximumBatchingWindowInSeconds: 1, maximumRetryAttempts: 1 },
    puts: [{ at: 0, keys: ['test'] }],
    function: { throws: true },
    expected: {
      deliveries: [2],
      failures: [
        {
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 2,
          batchSize: 1,
          ends: [0, 0],
          responseContext: failed,
        },
      ],
    },
  },
  {
    name: 'a record that gets too old while it is tried again has no responseContext',
    source: `${kinesis}test_kinesis_maximum_record_age_exceeded[expire-while-retrying] (76 s with start-up and polling)`,
    settings: {
      batchSize: 1,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: 60,
    },
    puts: [{ at: 0, keys: ['test'] }],
    function: { throws: true },
    expected: {
      failures: [{ condition: 'RecordAgeExceeded', batchSize: 1, ends: [0, 0], responseContext: undefined }],
      givenUpWithinMillis: 76_000,
    },
  },
  {
    name: 'a record that was too old from the start is given up alone, the fresh ones behind it are delivered',
    source: `${kinesis}test_kinesis_maximum_record_age_exceeded_discard_records`,
    settings: {
      batchSize: 10,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: 0,
      maximumRecordAgeInSeconds: 60,
    },
    puts: [
      { at: -80_000, keys: ['test'] },
      { at: -100, keys: keys(5, 'test') },
    ],
    function: { returns: null },
    expected: {
      batches: [range(1, 5)],
      failures: [
        {
          condition: 'RecordAgeExceeded',
          approximateInvokeCount: 1,
          batchSize: 1,
          ends: [0, 0],
          responseContext: undefined,
        },
      ],
    },
  },
  {
    name: 'a record that was too old before the mapping came is given up as if it had run once',
    source: `${kinesis}test_kinesis_maximum_record_age_exceeded[expire-before-ingestion]`,
    settings: {
      batchSize: 1,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: 0,
      maximumRecordAgeInSeconds: 60,
    },
    puts: [{ at: -80_000, keys: ['test'] }],
    function: { throws: true },
    expected: {
      batches: [],
      failures: [
        {
          condition: 'RecordAgeExceeded',
          approximateInvokeCount: 1,
          batchSize: 1,
          ends: [0, 0],
          responseContext: undefined,
        },
      ],
    },
  },
  ...[1, 2].map((number): RecordedMapping => ({
    name: `of two mappings, that of function ${number} gets what its filter lets through`,
    source: `${kinesis}TestKinesisEventFiltering::test_kinesis_event_filtering_json_pattern`,
    settings: {
      batchSize: 1,
      maximumBatchingWindowInSeconds: 1,
      maximumRetryAttempts: 1,
      filterCriteria: { filters: [{ pattern: JSON.stringify({ data: { event_type: [`function_${number}`] } }) }] },
    },
    puts: [1, 2].map((target) => ({
      at: 0,
      keys: ['test'],
      data: { event_type: `function_${target}`, message: 'foo' },
    })),
    function: { returns: null },
    expected: { batches: [[number - 1]], failures: [] },
  })),
  {
    name: 'a mapping that is disabled gets nothing that is put afterwards',
    source: `${kinesis}test_disable_kinesis_event_source_mapping`,
    settings: { batchSize: 10, startingPosition: 'LATEST' },
    puts: [
      { at: 1_000, keys: keys(10, 'test') },
      { at: 65_000, keys: keys(10, 'test') },
    ],
    disabledAt: 5_000,
    function: { returns: null },
    expected: { batches: [range(0, 10)], failures: [] },
  },
  {
    name: 'TRIM_HORIZON delivers what was there before, in order',
    source: `${kinesis}test_kinesis_event_source_trim_horizon`,
    settings: { batchSize: 10, maximumBatchingWindowInSeconds: 1 },
    puts: [
      { at: -2_000, keys: keys(10, 'test_0') },
      { at: -1_000, keys: keys(10, 'test_1') },
      { at: 5_000, keys: keys(10, 'test_3') },
    ],
    function: { returns: null },
    expected: { batches: [range(0, 10), range(10, 10), range(20, 10)], failures: [] },
  },
  {
    name: 'batches of a shard are processed one after the other',
    source: `${kinesis}test_kinesis_event_source_mapping_with_async_invocation`,
    settings: { batchSize: 10 },
    puts: [
      { at: 0, keys: keys(10, 'test_0') },
      { at: 0, keys: keys(10, 'test_1') },
    ],
    function: { takesMillis: 5_000 },
    expected: { batches: [range(0, 10), range(10, 10)], millisBetweenInvocations: 5_000, failures: [] },
  },
];
