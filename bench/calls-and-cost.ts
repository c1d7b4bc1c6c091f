/**
 * How many calls does a million readings take, and what do they cost? The handlers and adapters as they are deployed, over
 * SDK clients that count each finished request and take it for answered, against the method of 2015.
 */
import { pipeline } from '../core/pipeline.ts';
import type { Finding, Question, Table } from './question.ts';
import { type Call, calls, limits } from './support/counted-calls.ts';
import { type BatchSizes, fullBatches, measureMethod } from './support/deployed-method.ts';
import { formatCount } from './support/figures.ts';
import { dollarsOf, type Method, methodOf2015, MILLION, totalDollars } from './support/method.ts';
import { kinesisEvent } from './support/readings.ts';

const SENSORS = 1_000;

/** @param cell What stands in the row of a call and the column of a method. */
function tableOf<Column extends Method>(
  caption: string,
  methods: readonly Column[],
  cell: (call: Call, method: Column) => string,
): Table {
  return {
    caption,
    columns: ['', ...methods.map(({ name }) => name)],
    rows: calls.map((call) => [call, ...methods.map((method) => cell(call, method))]),
  };
}

function dollarTable(methods: readonly Method[]): Table {
  const table = tableOf('Dollars for a million readings, calls and writes only', methods, (call, method) =>
    dollarsOf(call, method).toFixed(4),
  );
  return { ...table, rows: [...table.rows, ['Sum', ...methods.map((method) => totalDollars(method).toFixed(4))]] };
}

/** Calls of a method beside those of 2015, of which they should be the fortieth part. */
function fortieth(what: string, call: Call, of2015: Method, ours: Method): Finding {
  const most = of2015.calls[call] / 40;
  const ratio = of2015.calls[call] / ours.calls[call];
  return {
    what,
    measured: `${formatCount(ours.calls[call])} per million, 1/${formatCount(ratio)} of 2015`,
    target: { text: `≤ ${formatCount(most)}, 1/40 of 2015`, met: ours.calls[call] <= most },
  };
}

export const question: Question = {
  name: 'calls-and-cost',
  title: 'Calls and cost per million readings',

  async measure({ quick }, say) {
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const readings = quick ? 20_000 : 120_000;
    const { Records: records } = kinesisEvent(readings, SENSORS);
    const measure = (name: string, batchSize: BatchSizes) => {
      say(`records a batch: ${name}`);
      return measureMethod(name, records, batchSize);
    };
    const hundred = await measure('100', { archiver: 100, writer: 100 });
    const thousand = await measure('1,000', { archiver: 1_000, writer: 1_000 });
    const tenThousand = await measure('10,000', { archiver: 10_000, writer: 10_000 });
    const configuredSizes = {
      archiver: pipeline.archiveEvents.mapping.batchSize,
      writer: pipeline.storeReadings.mapping.batchSize,
    };
    const configured = await measure('as configured', configuredSizes);

    const of2015 = methodOf2015();
    const ours = [hundred, thousand, tenThousand, configured];
    const floor = MILLION / limits['DynamoDB BatchWriteItem'].items;
    const written = configured.calls['DynamoDB BatchWriteItem'];
    return {
      findings: [
        {
          what: 'DynamoDB calls, as configured',
          measured: `${formatCount(written)} per million`,
          target: { text: `${formatCount(floor)}: one for 25 items`, met: written <= floor },
        },
        fortieth('CloudWatch calls, 1,000 records a batch', 'CloudWatch PutMetricData', of2015, thousand),
        fortieth('S3 calls, 1,000 records a batch', 'S3 PutObject', of2015, thousand),
        fortieth('S3 calls, as configured', 'S3 PutObject', of2015, configured),
        {
          what: 'Dollars for calls and writes, as configured',
          measured: `${totalDollars(configured).toFixed(2)} per million; 2015 ${totalDollars(of2015).toFixed(2)}`,
        },
      ],
      tables: [
        tableOf('Calls for a million readings, by records a batch', [of2015, ...ours], (call, method) =>
          formatCount(method.calls[call]),
        ),
        tableOf('Calls of 2015 for one of ours', ours, (call, { calls }) =>
          (of2015.calls[call] / calls[call]).toFixed(1),
        ),
        dollarTable([of2015, ...ours]),
        tableOf('Bytes of the bodies for a reading, as sent', ours, (call, { bytes }) =>
          (bytes[call] / MILLION).toFixed(1),
        ),
      ],
      notes: [
        `Counted over ${formatCount(readings)} readings of ${formatCount(SENSORS)} sensors in full batches and scaled: calls grow with the batches. Batches that are not full, as at a low rate without a batching window, make more calls by either method.`,
        `As configured: ${formatCount(configuredSizes.archiver)} records a batch for the archiver, ${formatCount(configuredSizes.writer)} for the table writer. Lambda's 6 MB let ${formatCount(fullBatches(records, 10_000)[0]?.length ?? 0)} of these records into a batch of 10,000.`,
        'S3 cannot be at 1/40 with 1,000 records a batch: an object for each is 1/10 of one for each 100, and a batch is the unit of the checkpoint, so none can wait for the next. The batch of the archiver is larger for that reason.',
        "With 10,000 records a batch, one that crosses a minute has two data a sensor, more than a call's 1,000.",
        'The method of 2015 is arithmetic: batches of 100 records, an object for each, and a BatchWriteItem and a PutMetricData for every 25 records. Its bytes are not known.',
        `Prices are those of \`npm run cost -- --prices\`. Storage, the stream, the metrics themselves and the time of the functions are not in it.`,
      ],
    };
  },
};
