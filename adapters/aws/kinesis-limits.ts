/** What Kinesis takes in one request (PutRecords in the API Reference; Quotas in the Developer Guide). */
export const MAX_RECORDS = 500;
/**
 * Kinesis takes 10 MiB since October 2025; emulators hold callers to the 5 MiB of before. Larger requests gain nothing,
 * since a shard takes 1 MB a second. A record that is larger goes alone.
 */
export const MAX_REQUEST_BYTES = 5 * 1_048_576;
