/** What CloudWatch shows of a sensor: the metric SensorData by the minute. */
import { useMemo, useState } from 'preact/hooks';
import { pathOf, queryOf, request } from '../api.ts';
import { Chart } from '../components/chart.tsx';
import { Choice, Field, Form, type Values } from '../components/field.tsx';
import { Empty, Failure } from '../components/notice.tsx';
import { Table } from '../components/table.tsx';
import { Time } from '../components/time.tsx';
import { countOf, formatCount, formatShort, formatValue } from '../format.ts';
import { useAfter, useAnswer } from '../hooks.ts';
import { formatRoute } from '../address.ts';
import { goTo } from '../route.ts';
import { serverNow } from '../state.ts';
import type { MinuteStatistics } from '../wire.ts';

const hours = [
  ['1', 'the last hour'],
  ['6', 'the last 6 hours'],
  ['24', 'the last day'],
  ['168', 'the last 7 days'],
] as const;

export function Metrics({ parameters }: { parameters: URLSearchParams }) {
  const sensorId = parameters.get('sensor') ?? '';
  const [error, setError] = useState<string>();
  const ask = (values: Values) => {
    const sensor = values('sensor');
    setError(sensor === '' ? 'must be the id of a sensor' : undefined);
    if (sensor !== '') goTo('metrics', { sensor, hours: values('hours') });
  };
  return (
    <>
      <section aria-labelledby="metric-title">
        <h3 id="metric-title">SensorData by the minute</h3>
        <Form label="Metrics of a sensor" onSubmit={ask}>
          <Field
            key={sensorId}
            label="Sensor"
            name="sensor"
            value={sensorId || 'kitchen'}
            maxLength={256}
            error={error}
          />
          <Choice label="Range" name="hours" value={parameters.get('hours') ?? '1'} options={hours} />
          <button>Show</button>
        </Form>
        <p class="hint">
          The metric is for dashboards and is no store: a batch that is retried may count twice. The readings themselves
          are in <a href={formatRoute('history', { sensor: sensorId })}>History</a>.
        </p>
      </section>
      {sensorId !== '' && <Statistics sensorId={sensorId} hoursBack={Number(parameters.get('hours') ?? 1)} />}
    </>
  );
}

function Statistics({ sensorId, hoursBack }: { sensorId: string; hoursBack: number }) {
  const { value, error, reload } = useAnswer(`metrics ${hoursBack} ${sensorId}`, (signal) => {
    const now = serverNow();
    // A device's clock may be a little ahead: CloudWatch takes two hours.
    const query = queryOf({
      from: new Date(now - hoursBack * 3_600_000).toISOString(),
      to: new Date(now + 2 * 3_600_000).toISOString(),
    });
    return request<{ statistics: readonly MinuteStatistics[] }>(pathOf('metrics', 'sensors', sensorId) + query, {
      signal,
    });
  });
  useAfter(['metrics'], 2_000, reload);
  const statistics = value?.statistics;
  const chart = useMemo(() => {
    const rows = statistics ?? [];
    return {
      seconds: rows.map(({ minute }) => Date.parse(minute) / 1_000),
      series: [
        { label: 'average', values: rows.map(({ average }) => average) },
        { label: 'maximum', values: rows.map(({ maximum }) => maximum) },
        { label: 'minimum', values: rows.map(({ minimum }) => minimum) },
      ],
    };
  }, [statistics]);
  return (
    <section aria-labelledby="statistics-title">
      <h3 id="statistics-title" class="from-outside">
        {sensorId}
      </h3>
      <Failure error={error} />
      {statistics?.length === 0 && (
        <Empty>
          Nothing was published for {sensorId} in this range. <a href={formatRoute('devices')}>Send a reading</a> with a
          timestamp of now.
        </Empty>
      )}
      {statistics !== undefined && statistics.length > 0 && (
        <>
          <Chart
            label={`Average, maximum and minimum of ${sensorId} over ${countOf(statistics.length, 'minute')}; the table has the numbers`}
            zoom
            {...chart}
          />
          <Table
            caption={`${sensorId} by the minute, newest first, local time`}
            rows={statistics.toReversed()}
            keyOf={({ minute }) => minute}
            columns={[
              { title: 'Minute', header: true, cell: ({ minute }) => <Time at={minute} /> },
              { title: 'Readings', number: true, cell: ({ sampleCount }) => formatCount(sampleCount) },
              { title: 'Average', number: true, cell: ({ average }) => formatShort(average) },
              { title: 'Minimum', number: true, cell: ({ minimum }) => formatValue(minimum) },
              { title: 'Maximum', number: true, cell: ({ maximum }) => formatValue(maximum) },
              { title: 'Sum', number: true, cell: ({ sum }) => formatShort(sum) },
            ]}
          />
        </>
      )}
    </section>
  );
}
