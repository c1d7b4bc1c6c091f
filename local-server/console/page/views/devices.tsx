/** Send a reading, run a fleet, and see the sensors. */
import { useRef, useState } from 'preact/hooks';
import { queryOf, request, sendJson } from '../api.ts';
import { Field, Form, Outcome, type Values } from '../components/field.tsx';
import { FleetForm } from '../components/fleet.tsx';
import { Measured } from '../components/measured.tsx';
import { Empty, Failure, isUnavailable } from '../components/notice.tsx';
import { Table } from '../components/table.tsx';
import { Age } from '../components/time.tsx';
import { formatCount, formatDuration, shortShard } from '../format.ts';
import { useAfter, useAnswer, useLive, useServerNow, useSubmission } from '../hooks.ts';
import { formatRoute } from '../address.ts';
import { serverNow } from '../state.ts';
import type { PutReply, SensorsPage } from '../wire.ts';

export function Devices() {
  return (
    <>
      <Update />
      <FleetForm />
      <Sensors />
    </>
  );
}

function Update() {
  const submission = useSubmission();
  const [sensorId, setSensorId] = useState<string>();
  const [stored, setStored] = useState<string>();
  /** Readings may be stored before the answer to the request is here. */
  const storedAfter = useRef(new Map<string, string>());
  const wanted = useRef<string>(undefined);
  const check = () => {
    const words = wanted.current === undefined ? undefined : storedAfter.current.get(wanted.current);
    if (words !== undefined) setStored(words);
  };
  useLive('stored', ({ readings }) => {
    if (sensorId === undefined) return;
    for (const { sensorId: id, sequenceNumber, arrivedAt } of readings) {
      if (id !== sensorId) continue;
      const millis = Math.max(0, serverNow() - Date.parse(arrivedAt));
      storedAfter.current.set(sequenceNumber, `In the table ${formatDuration(millis)} after it arrived.`);
    }
    check();
  });
  const update = (values: Values) => {
    const sensorid = values('sensorid');
    const timestamp = values('timestamp').trim() || new Date(serverNow()).toISOString();
    setSensorId(sensorid);
    setStored(undefined);
    storedAfter.current.clear();
    wanted.current = undefined;
    submission.run(async () => {
      const { records } = await sendJson<PutReply>('POST', '/readings', {
        sensorid,
        value: values('value'),
        timestamp,
      });
      const { shardId = '', sequenceNumber = '' } = records[0] ?? {};
      wanted.current = sequenceNumber;
      check();
      return `Taken by ${shortShard(shardId)} as ${sequenceNumber}.`;
    });
  };
  const fields = submission.error?.fields ?? {};
  return (
    <section aria-labelledby="update-title">
      <h3 id="update-title">Send a reading</h3>
      <Form label="Send a reading" onSubmit={update}>
        <Field label="Sensor" name="sensorid" value="kitchen" maxLength={256} error={fields.sensorid} />
        <Field label="Value" name="value" value="22.0" inputMode="decimal" error={fields.value} />
        <Field
          label="Timestamp"
          name="timestamp"
          placeholder="now"
          hint="ISO 8601; now if empty."
          error={fields.timestamp}
        />
        <button disabled={submission.busy}>Update</button>
      </Form>
      <Outcome submission={submission} />
      {submission.message !== '' && sensorId !== undefined && (
        <p class="outcome" role="status">
          {stored ?? 'On its way to the table…'}{' '}
          <a href={formatRoute('history', { sensor: sensorId })}>See its history</a>
        </p>
      )}
    </section>
  );
}

const PAGE = 50;

function Sensors() {
  const [pages, setPages] = useState<readonly string[]>([]);
  const after = pages.at(-1);
  const { value, error, reload } = useAnswer(`sensors ${after ?? ''}`, (signal) =>
    request<SensorsPage>(`/sensors${queryOf({ limit: PAGE, after })}`, { signal }),
  );
  useAfter(['stored'], 1_000, reload);
  const now = useServerNow();
  const last = value?.sensors.at(-1)?.sensorId;
  return (
    <section aria-labelledby="sensors-title">
      <h3 id="sensors-title">Sensors</h3>
      {isUnavailable(error) ? (
        <p class="notice">
          {error.message} Type the id of one in <a href={formatRoute('history')}>History</a>.
        </p>
      ) : (
        <Failure error={error} />
      )}
      {value?.sensors.length === 0 && after === undefined && (
        <Empty>
          No sensor yet. Send a reading or start a fleet above: each sensor appears here with its last value.
        </Empty>
      )}
      {value !== undefined && value.sensors.length > 0 && (
        <Table
          caption={after === undefined ? 'Sensors by id' : `Sensors by id, after ${after}`}
          rows={value.sensors}
          keyOf={({ sensorId }) => sensorId}
          columns={[
            {
              title: 'Sensor',
              header: true,
              cell: ({ sensorId, notice }) => (
                <>
                  <a href={formatRoute('history', { sensor: sensorId })}>
                    <bdi>{sensorId}</bdi>
                  </a>
                  {notice !== undefined && (
                    <>
                      {' '}
                      <span class="flag" title={`The id ${notice}.`}>
                        looks like another
                      </span>
                    </>
                  )}
                </>
              ),
            },
            { title: 'Last value', number: true, cell: ({ latest }) => <Measured reading={latest} /> },
            { title: 'Age', cell: ({ latest }) => <Age at={latest.timestamp} now={now} /> },
            { title: 'Readings', number: true, cell: ({ count }) => formatCount(count) },
          ]}
        />
      )}
      <div class="buttons">
        {after !== undefined && (
          <button type="button" class="small" onClick={() => setPages(pages.slice(0, -1))}>
            Sensors before these
          </button>
        )}
        {value?.more === true && last !== undefined && (
          <button type="button" class="small" onClick={() => setPages([...pages, last])}>
            More sensors
          </button>
        )}
      </div>
    </section>
  );
}
