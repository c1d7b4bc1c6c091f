import { useMemo, useState } from 'preact/hooks';
import { parseArchivedLine } from '../archived-line.ts';
import { countOf, decodePayload } from '../format.ts';
import { SequenceNumber, ShardName } from './names.tsx';
import { Table } from './table.tsx';
import { Time } from './time.tsx';

const STEP = 50;

/** The lines of an archive object, some at a time: an object may hold ten thousand. */
export function ArchivedLines({ text }: { text: string }) {
  const [shown, setShown] = useState(STEP);
  const lines = useMemo(() => text.split('\n').filter((line) => line !== ''), [text]);
  return (
    <>
      <Table
        caption={`${countOf(lines.length, 'record')}, data as the device wrote it`}
        rows={lines.slice(0, shown).map(parseArchivedLine)}
        keyOf={({ sequenceNumber, shardId }) => shardId + sequenceNumber}
        columns={[
          { title: 'Record', header: true, cell: ({ sequenceNumber }) => <SequenceNumber number={sequenceNumber} /> },
          { title: 'Shard', cell: ({ shardId }) => <ShardName id={shardId} /> },
          { title: 'Partition key', cell: ({ partitionKey }) => partitionKey },
          { title: 'Arrived', cell: ({ arrivedAt }) => <Time at={arrivedAt} /> },
          { title: 'Data', cell: ({ data, raw }) => <code class="data">{data ?? rawWords(raw ?? '')}</code> },
        ]}
      />
      {shown < lines.length && (
        <button type="button" onClick={() => setShown(shown + 10 * STEP)}>
          More records
        </button>
      )}
    </>
  );
}

function rawWords(base64: string): string {
  const payload = decodePayload(base64);
  return 'text' in payload ? `not JSON: ${payload.text}` : `not UTF-8: ${payload.hex}`;
}
