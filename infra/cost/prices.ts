/**
 * List prices of us-east-1 in US dollars, the one table of them. They were gathered from what others have copied from the
 * pages of AWS, which is named with each; look at the pages themselves before you decide by the numbers. Other regions
 * differ by some tens of per cent.
 */

/** When the table was gathered. */
export const PRICES_DATE = '2026-11-23';

export interface Price {
  readonly dollars: number;
  /** What one costs that much. */
  readonly per: string;
  readonly source: string;
}

/** Of custom metrics. */
export const METRIC_SOURCE = 'nishinoshake/aws-rough#37 (2022), api-evangelist/cloudwatch (May 2026)';
const infracost = (file: string): string => `${file} of infracost, from the price list of AWS, undated`;
const kinesis = infracost('kinesis_stream_test.golden');
const s3 = infracost('s3_bucket_test.golden');

export const prices = {
  shardHour: { dollars: 0.015, per: 'shard and hour', source: kinesis },
  putPayloadUnit: { dollars: 0.014 / 1e6, per: 'record and 25 KB begun', source: kinesis },
  streamHourOnDemand: { dollars: 0.04, per: 'stream and hour', source: kinesis },
  streamGbIn: { dollars: 0.08, per: 'GB in, each record rounded up to 1 KB', source: kinesis },
  streamGbOut: { dollars: 0.04, per: 'GB out, for each consumer', source: kinesis },
  lambdaRequest: { dollars: 0.2 / 1e6, per: 'invocation', source: infracost('Lambda') },
  lambdaGbSecond: { dollars: 0.0000133334, per: 'GB-second on arm64', source: infracost('Lambda') },
  s3Put: { dollars: 0.005 / 1e3, per: 'PUT', source: s3 },
  s3GbMonth: { dollars: 0.023, per: 'GB-month of S3 Standard', source: s3 },
  dynamoDbWrite: {
    dollars: 0.625 / 1e6,
    per: 'write of up to 1 KB, on demand',
    source: 'articles of July and August 2025 (airbyte, jusdb); halved on 1 November 2024',
  },
  dynamoDbGbMonth: { dollars: 0.25, per: 'GB-month', source: infracost('DynamoDB') },
  dynamoDbBackupGbMonth: { dollars: 0.2, per: 'GB-month of point-in-time recovery', source: infracost('DynamoDB') },
  metricRequest: { dollars: 0.01 / 1e3, per: 'PutMetricData', source: METRIC_SOURCE },
  logGb: { dollars: 0.5, per: 'GB of logs taken', source: infracost('CloudWatch') },
  alarm: { dollars: 0.1, per: 'alarm and month', source: 'from memory' },
} as const satisfies Readonly<Record<string, Price>>;

/** A custom metric by month: the more there are, the less each costs. */
export const metricTiers: readonly { readonly upTo: number; readonly dollars: number }[] = [
  { upTo: 10_000, dollars: 0.3 },
  { upTo: 250_000, dollars: 0.1 },
  { upTo: 1_000_000, dollars: 0.05 },
  { upTo: Infinity, dollars: 0.02 },
];
