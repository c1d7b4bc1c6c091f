/** Records that can never become readings: why, what they are, and where they came from. */
import type { ComponentChildren } from 'preact';
import { queryOf, request } from '../api.ts';
import { Days, useDays } from '../components/days.tsx';
import { ShardName } from '../components/names.tsx';
import { Empty, Failure } from '../components/notice.tsx';
import { usePages } from '../components/pager.tsx';
import { Payload } from '../components/payload.tsx';
import { Time } from '../components/time.tsx';
import { useAfter, useAnswer } from '../hooks.ts';
import { formatRoute } from '../address.ts';
import type { QuarantinedRecord, QuarantinePage } from '../wire.ts';

const PAGE = 20;

export function Quarantine({ parameters }: { parameters: URLSearchParams }) {
  const days = useDays('the quarantine', 'quarantined', async (after, signal) => {
    const { records } = await request<QuarantinePage>(`/quarantine${queryOf({ after, limit: 1 })}`, { signal });
    return records[0]?.key;
  });
  const day = parameters.get('day') ?? days.value?.[0];
  return (
    <section aria-labelledby="quarantine-title">
      <h3 id="quarantine-title">Refused, and kept whole</h3>
      {days.failure}
      {days.value?.length === 0 && (
        <Empty>
          Nothing is in quarantine. POST /readings refuses what is no reading at the door; by Kinesis it comes in. Start
          a fleet with faults, sent by Kinesis, in <a href={formatRoute('devices')}>Devices</a>.
        </Empty>
      )}
      {days.value !== undefined && days.value.length > 0 && day !== undefined && (
        <>
          <Days view="quarantine" days={days.value} chosen={day} />
          <Records key={day} day={day} />
        </>
      )}
    </section>
  );
}

function Records({ day }: { day: string }) {
  const pages = usePages();
  const { after } = pages;
  const { value, error, reload } = useAnswer(`quarantine ${day} ${after ?? ''}`, (signal) =>
    request<QuarantinePage>(`/quarantine${queryOf({ prefix: `${day}/`, after, limit: PAGE })}`, { signal }),
  );
  useAfter(['quarantined'], 1_000, reload);
  return (
    <>
      <Failure error={error} />
      <ol class="quarantine" aria-label={`Quarantined on ${day}`}>
        {value?.records.map((record) => (
          <Record key={record.key} record={record} />
        ))}
      </ol>
      {pages.buttons(value?.more === true, value?.records.at(-1)?.key)}
    </>
  );
}

function Record({ record }: { record: QuarantinedRecord }) {
  const { reasons, shardId, sequenceNumber, partitionKey, arrivedAt, quarantinedAt, raw, key, bytes } = record;
  const isWhole = bytes * 4 <= raw.length * 3;
  return (
    <li>
      <ul class="reasons">
        {reasons.map(({ field, rule, seen }, index) => (
          <li key={index}>
            <strong>{field}</strong> {rule}, but is <code class="data">{seen}</code>
          </li>
        ))}
      </ul>
      <Payload base64={raw} />
      {!isWhole && (
        <p>
          This is only the beginning. <a href={`/quarantine/${key}`}>Download all {bytes} bytes</a>
        </p>
      )}
      <dl class="origin">
        <Origin name="Partition key">
          <code class="data">{partitionKey}</code>
        </Origin>
        <Origin name="Arrived">
          <Time at={arrivedAt} />
        </Origin>
        <Origin name="Quarantined">
          <Time at={quarantinedAt} />
        </Origin>
        <Origin name="Record">
          <ShardName id={shardId} />, <code class="data">{sequenceNumber}</code>
        </Origin>
      </dl>
    </li>
  );
}

function Origin({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
