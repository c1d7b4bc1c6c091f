/** What is stored of sensors: a chart and a table, newest first, followed live. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { placeOf } from '../../../../core/reading-key.ts';
import { placesBetween } from '../../../../core/reading-range.ts';
import { pathOf, queryOf, request } from '../api.ts';
import { Chart, MAX_SERIES } from '../components/chart.tsx';
import { Choice, Field, Form, type Values } from '../components/field.tsx';
import { HistoryExport } from '../components/history-export.tsx';
import { Measured } from '../components/measured.tsx';
import { Empty, Failure } from '../components/notice.tsx';
import { Table } from '../components/table.tsx';
import { Time } from '../components/time.tsx';
import { countOf, formatValue } from '../format.ts';
import {
  alignReadings,
  keyOf,
  type LoadedHistory,
  mergeRows,
  needingOlder,
  plottable,
  withOlder,
  withStored,
} from '../history-pages.ts';
import { useAfter, useAnswer, useLive, useSubmission } from '../hooks.ts';
import { formatRoute } from '../address.ts';
import { goTo } from '../route.ts';
import { serverNow } from '../state.ts';
import type { HistoryPage, Reading } from '../wire.ts';

/** Readings asked for at a time, per sensor. */
const PAGE = 500;
const ROWS = 25;

const ranges = [
  ['', 'everything'],
  ['15', 'the last 15 minutes'],
  ['60', 'the last hour'],
  ['1440', 'the last day'],
  ['10080', 'the last 7 days'],
  ['between', 'between two times'],
] as const;

interface Bounds {
  readonly from?: string;
  readonly to?: string;
}

export function History({ parameters }: { parameters: URLSearchParams }) {
  const sensorIds = [...new Set(parameters.getAll('sensor'))].slice(0, MAX_SERIES);
  return (
    <>
      <Question parameters={parameters} sensorIds={sensorIds} />
      {sensorIds.length === 0 ? (
        <Empty>
          Type the id of a sensor and press Query, or choose one from the{' '}
          <a href={formatRoute('devices')}>list of sensors</a>.
        </Empty>
      ) : (
        <Readings parameters={parameters} sensorIds={sensorIds} />
      )}
    </>
  );
}

function Question({ parameters, sensorIds }: { parameters: URLSearchParams; sensorIds: readonly string[] }) {
  const range = parameters.get('range') ?? '';
  const [chosen, setChosen] = useState(range);
  const [error, setError] = useState<string>();
  const ask = (values: Values) => {
    const sensor = values('sensor');
    const compared = values('compare') === 'on' ? sensorIds : [];
    if (sensor === '' && sensorIds.length === 0) {
      setError('must be the id of a sensor');
      return;
    }
    setError(undefined);
    goTo('history', {
      sensor: sensor === '' ? sensorIds : [...new Set([...compared, sensor])].slice(-MAX_SERIES),
      range: values('range'),
      from: values('from'),
      to: values('to'),
    });
  };
  const without = (sensorId: string) =>
    formatRoute('history', {
      sensor: sensorIds.filter((other) => other !== sensorId),
      range,
      from: parameters.get('from') ?? '',
      to: parameters.get('to') ?? '',
    });
  return (
    <section aria-labelledby="query-title">
      <h3 id="query-title">Query</h3>
      <Form label="Query" onSubmit={ask}>
        <Field
          key={sensorIds.join('\n')}
          label="Sensor"
          name="sensor"
          value={sensorIds.at(-1) ?? 'kitchen'}
          maxLength={256}
          error={error}
        />
        <Choice label="Range" name="range" value={range} options={ranges} onChange={setChosen} />
        {chosen === 'between' && (
          <>
            <Field
              label="From, local time"
              name="from"
              type="datetime-local"
              value={parameters.get('from') ?? ''}
              step={1}
            />
            <Field label="To, local time" name="to" type="datetime-local" value={parameters.get('to') ?? ''} step={1} />
          </>
        )}
        {sensorIds.length > 0 && (
          <label class="check">
            <input type="checkbox" name="compare" /> beside those below
          </label>
        )}
        <button>Query</button>
      </Form>
      {sensorIds.length > 1 && (
        <ul class="chips" aria-label="Chosen sensors">
          {sensorIds.map((sensorId) => (
            <li key={sensorId}>
              {sensorId}{' '}
              <a href={without(sensorId)} aria-label={`Leave out ${sensorId}`}>
                leave out
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Readings({ parameters, sensorIds }: { parameters: URLSearchParams; sensorIds: readonly string[] }) {
  const key = parameters.toString();
  const { value, error, loading, reload } = useAnswer(key, async (signal) => {
    const bounds = boundsOf(parameters);
    const pages = await Promise.all(
      sensorIds.map((sensorId) => readPage(sensorId, { ...bounds, limit: PAGE }, signal)),
    );
    return { bounds, pages };
  });
  const [histories, setHistories] = useState<readonly LoadedHistory[]>([]);
  const [shown, setShown] = useState(ROWS);
  const [follows, setFollows] = useState(true);
  const older = useSubmission();
  useEffect(() => setHistories(value?.pages ?? []), [value]);
  useEffect(() => setShown(ROWS), [key]);

  const arrived = useRef<LiveReading[]>([]);
  useLive('stored', ({ readings }) => {
    if (!follows) return;
    for (const reading of readings) {
      if (sensorIds.includes(reading.sensorId)) arrived.current.push({ ...reading, key: placeOf(reading) });
    }
  });
  useAfter(['stored'], 250, () => {
    const fresh = arrived.current.splice(0).filter((reading) => isWithin(keyOf(reading), value?.bounds ?? {}));
    if (fresh.length > 0) {
      setHistories((before) =>
        before.map((history) =>
          withStored(
            history,
            fresh.filter(({ sensorId }) => sensorId === history.sensorId),
          ),
        ),
      );
    }
  });
  useAfter([], 1_000, reload);

  const rows = useMemo(() => mergeRows(histories), [histories]);
  const { leftOut, ...chart } = useMemo(() => {
    const shownInChart = plottable(histories);
    const { seconds, values } = alignReadings(shownInChart.histories);
    return {
      leftOut: shownInChart.leftOut,
      seconds,
      series: histories.map(({ sensorId }, index) => ({ label: sensorId, values: values[index] ?? [] })),
    };
  }, [histories]);
  const hasOlder = shown < rows.length || needingOlder(histories).length > 0;
  const showOlder = () =>
    older.run(async () => {
      if (shown + ROWS > rows.length) {
        const next = await Promise.all(
          needingOlder(histories).map(async ({ sensorId, nextCursor }) =>
            readPage(sensorId, { ...value?.bounds, limit: PAGE, cursor: nextCursor }),
          ),
        );
        const bySensor = new Map(next.map((page) => [page.sensorId, page]));
        setHistories((before) =>
          before.map((history) => {
            const page = bySensor.get(history.sensorId);
            return page === undefined ? history : withOlder(history, page);
          }),
        );
      }
      setShown(shown + ROWS);
      return '';
    });

  if (value === undefined || histories.length === 0) {
    return error === undefined ? <p role="status">{loading ? 'Reading…' : ''}</p> : <Failure error={error} />;
  }
  const names = sensorIds.join(', ');
  return (
    <section aria-labelledby="readings-title">
      <h3 id="readings-title" class="from-outside">
        {names}
      </h3>
      <Failure error={error} />
      <label class="check">
        <input type="checkbox" checked={follows} onChange={({ currentTarget }) => setFollows(currentTarget.checked)} />{' '}
        Follow: readings appear as they are stored
      </label>
      {rows.length === 0 ? (
        <Empty>
          Nothing is stored for {names} in this range. <a href={formatRoute('devices')}>Send a reading</a>, or ask for
          everything.
        </Empty>
      ) : (
        <>
          <p class="summary">{summaryOf(rows, histories)}</p>
          {leftOut > 0 && (
            <p class="hint">{countOf(leftOut, 'reading')} from the far future: not in the chart, but in the table.</p>
          )}
          <Chart label={`Chart of ${names}. ${summaryOf(rows, histories)}`} zoom {...chart} />
          <Table
            caption={`${names}, newest first, local time`}
            rows={rows.slice(0, shown)}
            keyOf={(row) => `${keyOf(row)} ${row.sensorId}`}
            columns={[
              { title: 'Time', cell: ({ timestamp }) => <Time at={timestamp} /> },
              { title: 'Value', number: true, cell: (reading) => <Measured reading={reading} /> },
              ...(histories.length > 1
                ? [{ title: 'Sensor', cell: ({ sensorId }: { sensorId: string }) => sensorId }]
                : []),
            ]}
          />
          {hasOlder && (
            <button type="button" disabled={older.busy} onClick={showOlder}>
              Older
            </button>
          )}
          <Failure error={older.error} />
        </>
      )}
      <HistoryExport
        addresses={sensorIds.map(
          (sensorId) => location.origin + pageAddress(sensorId, { ...value.bounds, limit: 1_000 }),
        )}
        sensorIds={sensorIds}
        readPage={(sensorId, cursor, limit) => readPage(sensorId, { ...value.bounds, limit, cursor })}
      />
    </section>
  );
}

type LiveReading = Reading & { readonly sensorId: string };

interface PageOptions extends Bounds {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

function pageAddress(sensorId: string, { from, to, limit, cursor }: PageOptions): string {
  return pathOf('sensors', sensorId, 'readings') + queryOf({ from, to, limit, cursor });
}

function readPage(sensorId: string, options: PageOptions, signal?: AbortSignal): Promise<HistoryPage> {
  return request<HistoryPage>(pageAddress(sensorId, options), signal === undefined ? {} : { signal });
}

function boundsOf(parameters: URLSearchParams): Bounds {
  const range = parameters.get('range') ?? '';
  if (range === 'between') {
    return { ...instant('from', parameters.get('from')), ...instant('to', parameters.get('to')) };
  }
  const minutes = Number(range);
  return minutes > 0 ? { from: new Date(serverNow() - minutes * 60_000).toISOString() } : {};
}

function instant(name: keyof Bounds, local: string | null): Bounds {
  const date = new Date(local ?? '');
  return Number.isNaN(date.getTime()) ? {} : { [name]: date.toISOString() };
}

function isWithin(key: string, { from, to }: Bounds): boolean {
  const { first, last } = placesBetween(from, to);
  return key >= first && key <= last;
}

function summaryOf(rows: readonly Reading[], histories: readonly LoadedHistory[]): string {
  const values = rows.map(({ value }) => value);
  const [least, most] = values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  const more = needingOlder(histories).length > 0 ? ', and older ones' : '';
  return `${countOf(rows.length, 'reading')}${more}; from ${formatValue(least)} to ${formatValue(most)}.`;
}
