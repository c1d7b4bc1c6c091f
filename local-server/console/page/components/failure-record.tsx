import { countOf } from '../format.ts';
import { SequenceNumber } from './names.tsx';
import { Payload, TextBlock } from './payload.tsx';

/** What Lambda's S3 destination is sent: metadata, and the event of the invocation as `payload`. */
interface Failure {
  readonly payload?: string;
}

interface KinesisEvent {
  readonly Records?: readonly {
    readonly kinesis: { readonly sequenceNumber: string; readonly partitionKey: string; readonly data: string };
  }[];
}

const SHOWN = 20;

export function FailureRecord({ text }: { text: string }) {
  const { payload, ...metadata } = JSON.parse(text) as Failure;
  const { Records: records = [] } = JSON.parse(payload ?? '{}') as KinesisEvent;
  return (
    <>
      <TextBlock label="Why, when and how often it was tried" text={JSON.stringify(metadata, null, 2)} />
      <h4>
        {countOf(records.length, 'record')}
        {records.length > SHOWN && `, the first ${SHOWN}`}
      </h4>
      <ul class="records">
        {records.slice(0, SHOWN).map(({ kinesis: { sequenceNumber, partitionKey, data } }) => (
          <li key={sequenceNumber}>
            <SequenceNumber number={sequenceNumber} />, partition key <code>{partitionKey}</code>
            <Payload base64={data} />
          </li>
        ))}
      </ul>
    </>
  );
}
