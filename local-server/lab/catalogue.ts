/** Every fault of the lab: what it does, and the rule of AWS that what follows shows. One source for checks and document. */

interface CatalogueEntry {
  readonly target: string;
  readonly fault: string;
  /** What goes wrong. */
  readonly does: string;
  /** What the pipeline does about it, and why. */
  readonly rule: string;
  /** Where AWS documents the rule. */
  readonly source: string;
}

const lambdaGuide = 'https://docs.aws.amazon.com/lambda/latest/dg/';
const partialResponse = `${lambdaGuide}services-kinesis-batchfailurereporting.html`;
const giveUp = `${lambdaGuide}kinesis-on-failure-destination.html`;
const mappingParameters = `${lambdaGuide}services-kinesis-parameters.html`;
const kinesisSource = `${lambdaGuide}with-kinesis.html`;

const retriedFromFirst =
  'The function reports the first record that is not safely kept in batchItemFailures; the batch is tried again from there, and nothing is skipped.';
const blocksItsShard =
  'A shard waits for its batch, so the iterator age of this consumer grows; the other consumer has its own position and goes on.';

const bisected =
  'A function error fails the whole batch. With bisection on it is cut in two and both halves are tried, the left one first; that spends no retry.';

const noConcurrency =
  'Lambda refuses to run the function, as if its reserved concurrency were 0 or used up by other callers.';
const throttled =
  'The batch is tried again with a growing delay of at most 30 s. As the function did not run, that spends no retry and splits no batch. It ends when the function may run again, or when the records exceed the maximum record age and go to the failure destination.';

export const catalogue = [
  {
    target: 'archive',
    fault: 'unavailable',
    does: 'Every put into the archive fails.',
    rule: retriedFromFirst,
    source: partialResponse,
  },
  { target: 'archive', fault: 'slow', does: 'Every put takes longer.', rule: blocksItsShard, source: kinesisSource },
  {
    target: 'table',
    fault: 'throttled',
    does: 'The table takes the first half of each put and leaves the rest.',
    rule: `BatchWriteItem answers what it did not take as UnprocessedItems. ${retriedFromFirst}`,
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html',
  },
  {
    target: 'table',
    fault: 'unavailable',
    does: 'Every put into the table fails.',
    rule: retriedFromFirst,
    source: partialResponse,
  },
  { target: 'table', fault: 'slow', does: 'Every put takes longer.', rule: blocksItsShard, source: kinesisSource },
  {
    target: 'quarantine',
    fault: 'unavailable',
    does: 'What is no reading cannot be put into quarantine.',
    rule: `What is refused must not be lost either. ${retriedFromFirst}`,
    source: partialResponse,
  },
  {
    target: 'metrics',
    fault: 'unavailable',
    does: 'Every call that publishes metric values fails.',
    rule: 'The function logs it and answers success: a batch is only tried again for what the function reports, and a metric is no store.',
    source: partialResponse,
  },
  {
    target: 'archive-events',
    fault: 'crash',
    does: 'The function throws before it does anything.',
    rule: bisected,
    source: mappingParameters,
  },
  { target: 'archive-events', fault: 'throttle', does: noConcurrency, rule: throttled, source: giveUp },
  {
    target: 'archive-events',
    fault: 'slow',
    does: 'The function takes longer; beyond its time limit it has failed.',
    rule: blocksItsShard,
    source: kinesisSource,
  },
  {
    target: 'store-readings',
    fault: 'crash',
    does: 'The function throws before it does anything.',
    rule: bisected,
    source: mappingParameters,
  },
  { target: 'store-readings', fault: 'throttle', does: noConcurrency, rule: throttled, source: giveUp },
  {
    target: 'store-readings',
    fault: 'slow',
    does: 'The function takes longer; beyond its time limit it has failed.',
    rule: blocksItsShard,
    source: kinesisSource,
  },
  {
    target: 'stream',
    fault: 'poison',
    does: 'Puts a record, among healthy neighbours, at which one function throws whenever it is in the batch.',
    rule: 'Bisection cuts the batch down to the record. It is tried until it succeeds, until its retries are spent or until it is older than the maximum record age; then it goes to the failure destination and the shard goes on.',
    source: giveUp,
  },
  {
    target: 'stream',
    fault: 'duplicates',
    does: 'Every record is put twice, as by a producer that sends again because an answer got lost.',
    rule: 'Both records are in the stream, with different sequence numbers: consumers have to be idempotent. The table holds one reading.',
    source: 'https://docs.aws.amazon.com/streams/latest/dev/kinesis-record-processor-duplicates.html',
  },
] as const satisfies readonly CatalogueEntry[];

export type FaultTarget = (typeof catalogue)[number]['target'];
export type FaultName = (typeof catalogue)[number]['fault'];

/** The consumers that a poison record can be poison for. */
export const consumers = ['archive-events', 'store-readings'] as const;
export type Consumer = (typeof consumers)[number];

export function isInCatalogue({ target, fault }: { target: FaultTarget; fault: FaultName }): boolean {
  return catalogue.some((entry) => entry.target === target && entry.fault === fault);
}
