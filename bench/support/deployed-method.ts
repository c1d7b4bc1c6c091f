/** The method of this project: the handlers and adapters as they are deployed, over clients that count. */
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { CloudWatchMetrics } from '../../adapters/aws/cloudwatch-metrics.ts';
import { DynamoDbSensorData } from '../../adapters/aws/dynamodb-sensor-data.ts';
import { S3EventArchive } from '../../adapters/aws/s3-event-archive.ts';
import { S3Quarantine } from '../../adapters/aws/s3-quarantine.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { SystemClock } from '../../adapters/node/system-clock.ts';
import { ArchiveEvents } from '../../core/archive-events.ts';
import { splitIntoBatches } from '../../core/batching.ts';
import { MAX_PAYLOAD_BYTES } from '../../core/event-source-mapping/payload-limit.ts';
import { StoreReadings } from '../../core/store-readings.ts';
import { createArchiveEventsHandler } from '../../handlers/archive-events.ts';
import type { Logger } from '../../handlers/logger.ts';
import { createStoreReadingsHandler } from '../../handlers/store-readings.ts';
import { byCall, type ByCall, CallCounter } from './counted-calls.ts';
import { countingCloudWatch, countingDynamoDb, countingS3 } from './counted-clients.ts';
import { type Method, MILLION } from './method.ts';

type Handler = (event: KinesisStreamEvent, context: Context) => Promise<KinesisStreamBatchResponse>;

const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 } as Context;
const clock = new SystemClock();

/** What a handler only warns of, such as a metric that was not published, would be missing in the count. */
const strictLog: Logger = { info: () => undefined, warn: fail, error: fail };

function fail(fields: object, message: string): never {
  throw new Error(`${message}: ${JSON.stringify(fields)}`);
}

function archiver(counter: CallCounter): Handler {
  const archive = new S3EventArchive({ client: countingS3(counter), bucket: 'archive' });
  return createArchiveEventsHandler(new ArchiveEvents(archive, new NodeCompression()), clock, strictLog);
}

function writer(counter: CallCounter): Handler {
  const useCase = new StoreReadings(
    new DynamoDbSensorData({ client: countingDynamoDb(counter), tableName: 'readings', clock }),
    new CloudWatchMetrics({ client: countingCloudWatch(counter), clock }),
    new S3Quarantine({ client: countingS3(counter), bucket: 'undelivered' }),
    clock,
    new NodeCompression(),
  );
  return createStoreReadingsHandler(useCase, clock, strictLog);
}

/** Batches as Lambda hands them over, full by count or by bytes of the event. The last may be neither: it is left out. */
export function fullBatches(records: readonly KinesisStreamRecord[], batchSize: number) {
  const { batches } = splitIntoBatches(records, {
    maxItems: batchSize,
    maxBytes: MAX_PAYLOAD_BYTES - '{"Records":[]}'.length,
    bytesOf: (record) => Buffer.byteLength(JSON.stringify(record)) + 1,
  });
  return batches.slice(0, -1);
}

interface Amounts {
  readonly calls: ByCall<number>;
  /** Of the bodies as they are sent. */
  readonly bytes: ByCall<number>;
}

/** Records a batch of either function. */
export interface BatchSizes {
  readonly archiver: number;
  readonly writer: number;
}

async function run(
  create: (counter: CallCounter) => Handler,
  records: readonly KinesisStreamRecord[],
  batchSize: number,
): Promise<Amounts> {
  const counter = new CallCounter();
  const handle = create(counter);
  for (const batch of fullBatches(records, batchSize)) {
    const event = { Records: [...batch] };
    counter.add('Lambda invocation', batch.length, Buffer.from(JSON.stringify(event)));
    const { batchItemFailures } = await handle(event, context);
    if (batchItemFailures.length > 0) throw new Error('a batch is to come again, though every call was answered');
  }
  const tallies = counter.tallies();
  const readings = tallies['Lambda invocation'].items;
  const written = tallies['DynamoDB BatchWriteItem'].items;
  if (create === writer && written !== readings) throw new Error(`${readings} readings became ${written} items`);
  return {
    calls: byCall((call) => (tallies[call].calls * MILLION) / readings),
    bytes: byCall((call) => (tallies[call].bytes * MILLION) / readings),
  };
}

/** @throws Error where a call would have been refused, or a reading would be missing. */
export async function measureMethod(
  name: string,
  records: readonly KinesisStreamRecord[],
  batchSize: BatchSizes,
): Promise<Method & Amounts> {
  const archived = await run(archiver, records, batchSize.archiver);
  const stored = await run(writer, records, batchSize.writer);
  return {
    name,
    calls: byCall((call) => archived.calls[call] + stored.calls[call]),
    bytes: byCall((call) => archived.bytes[call] + stored.bytes[call]),
  };
}
