/** What is kept: the archive by day and object, and what event source mappings gave up. */
import { useEffect, useRef } from 'preact/hooks';
import { queryOf, request, requestText } from '../api.ts';
import { ArchivedLines } from '../components/archived-lines.tsx';
import { Days, useDays } from '../components/days.tsx';
import { FailureRecord } from '../components/failure-record.tsx';
import { Empty, Failure } from '../components/notice.tsx';
import { usePages } from '../components/pager.tsx';
import { Table } from '../components/table.tsx';
import { formatBytes, shortSequence } from '../format.ts';
import { useAfter, useAnswer } from '../hooks.ts';
import { formatRoute } from '../address.ts';
import type { ObjectsPage } from '../wire.ts';

const PAGE = 50;

export function Archive({ parameters }: { parameters: URLSearchParams }) {
  const failures = parameters.get('of') === 'failures';
  const key = parameters.get('key') ?? undefined;
  return (
    <>
      <nav class="tabs" aria-label="Stores">
        <ul>
          <li>
            <a href={formatRoute('archive')} aria-current={failures ? undefined : 'true'}>
              Archive
            </a>
          </li>
          <li>
            <a href={formatRoute('archive', { of: 'failures' })} aria-current={failures ? 'true' : undefined}>
              Failure destination
            </a>
          </li>
        </ul>
      </nav>
      {key !== undefined && <Look path={failures ? '/failures' : '/archive'} objectKey={key} />}
      {failures ? <GivenUp chosen={key} /> : <ByDay day={parameters.get('day') ?? undefined} chosen={key} />}
    </>
  );
}

function ByDay({ day, chosen }: { day: string | undefined; chosen: string | undefined }) {
  const days = useDays('the archive', 'archived', async (after, signal) => {
    const { objects } = await request<ObjectsPage>(`/archive${queryOf({ after, limit: 1 })}`, { signal });
    return objects[0]?.key;
  });
  const shown = day ?? chosen?.slice(0, 10) ?? days.value?.[0];
  return (
    <section aria-labelledby="objects-title">
      <h3 id="objects-title">Archive, by day of arrival (UTC)</h3>
      <p class="hint">One object per batch, every record as it was sent. Objects may overlap after a retry.</p>
      {days.failure}
      {days.value?.length === 0 && (
        <Empty>
          The archive is empty. <a href={formatRoute('devices')}>Send a reading</a>: a second later its batch is here.
        </Empty>
      )}
      {days.value !== undefined && days.value.length > 0 && shown !== undefined && (
        <>
          <Days view="archive" days={days.value} chosen={shown} />
          <Objects key={shown} path="/archive" prefix={`${shown}/`} chosen={chosen} />
        </>
      )}
    </section>
  );
}

function GivenUp({ chosen }: { chosen: string | undefined }) {
  return (
    <section aria-labelledby="given-up-title">
      <h3 id="given-up-title">Failure destination</h3>
      <p class="hint">
        What a consumer gave up, whole, as Lambda sends it to an S3 destination. Everything here can be put again.
      </p>
      <Objects path="/failures" chosen={chosen} />
    </section>
  );
}

interface ObjectsProps {
  readonly path: '/archive' | '/failures';
  readonly prefix?: string;
  readonly chosen: string | undefined;
}

function Objects({ path, prefix, chosen }: ObjectsProps) {
  const pages = usePages();
  const { after } = pages;
  const { value, error, reload } = useAnswer(`${path} ${prefix ?? ''} ${after ?? ''}`, (signal) =>
    request<ObjectsPage>(path + queryOf({ prefix, after, limit: PAGE }), { signal }),
  );
  useAfter([path === '/archive' ? 'archived' : 'gave-up'], 1_000, reload);
  const of = path === '/failures' ? 'failures' : undefined;
  return (
    <>
      <Failure error={error} />
      {value?.objects.length === 0 && (
        <Empty>Nothing here. {of === 'failures' && 'No consumer has given anything up.'}</Empty>
      )}
      {value !== undefined && value.objects.length > 0 && (
        <Table
          caption="Objects, in the order of their keys"
          rows={value.objects}
          keyOf={({ key }) => key}
          columns={[
            {
              title: 'Key',
              header: true,
              cell: ({ key }) => (
                <a
                  class="key"
                  href={formatRoute('archive', { of, key })}
                  aria-current={key === chosen ? 'true' : undefined}
                >
                  {shortKey(key)}
                </a>
              ),
            },
            { title: 'Size', number: true, cell: ({ size }) => formatBytes(size) },
          ]}
        />
      )}
      {pages.buttons(value?.more === true, value?.objects.at(-1)?.key)}
    </>
  );
}

function Look({ path, objectKey }: { path: '/archive' | '/failures'; objectKey: string }) {
  const address = `${path}/${objectKey.split('/').map(encodeURIComponent).join('/')}`;
  const heading = useRef<HTMLHeadingElement>(null);
  // The list may be long, and this stands above it.
  useEffect(() => heading.current?.focus(), [address]);
  const { value, error } = useAnswer(address, (signal) => requestText(address, { signal }));
  return (
    <section aria-labelledby="look-title">
      <h3 id="look-title" ref={heading} tabIndex={-1}>
        One object
      </h3>
      <p class="key">{objectKey}</p>
      <p>
        <a href={address} download>
          Download
        </a>
      </p>
      <Failure error={error} />
      {value === undefined && error === undefined && <p role="status">Reading…</p>}
      {value !== undefined && (path === '/archive' ? <ArchivedLines text={value} /> : <FailureRecord text={value} />)}
    </section>
  );
}

/** Keys hold sequence numbers of 56 digits. */
function shortKey(key: string): string {
  return key.replace(/\d{40,}/g, shortSequence);
}
