import { useEffect } from 'preact/hooks';
import { request, sendJson } from '../api.ts';
import { countOf, formatCount } from '../format.ts';
import { useAnswer, useSubmission } from '../hooks.ts';
import { fleet } from '../state.ts';
import { useStore } from '../store.ts';
import type { FleetOptions, FleetState } from '../wire.ts';
import { Choice, Field, Form, Outcome, type Values } from './field.tsx';
import { isUnavailable, Unavailable } from './notice.tsx';

const path = '/lab/fleet';

/** Starts and stops a simulated fleet in the server. */
export function FleetForm() {
  const { value, error } = useAnswer('fleet', (signal) => request<FleetState>(path, { signal }));
  useEffect(() => {
    if (value !== undefined) fleet.set(value);
  }, [value]);
  const state = useStore(fleet);
  const submission = useSubmission();
  const running = state?.running === true;
  const start = (values: Values) =>
    submission.run(async () => {
      fleet.set(await sendJson<FleetState>('POST', path, optionsOf(values)));
      return '';
    });
  const stop = () =>
    submission.run(async () => {
      fleet.set(await request<FleetState>(path, { method: 'DELETE' }));
      return 'Stopped.';
    });
  const fields = submission.error?.fields ?? {};
  return (
    <section aria-labelledby="fleet-title">
      <h3 id="fleet-title">Simulated fleet</h3>
      {isUnavailable(error) ? (
        <Unavailable what="The simulated fleet" error={error} />
      ) : (
        <>
          <Form label="Simulated fleet" onSubmit={start}>
            <Field label="Devices" name="devices" type="number" value={20} min={1} error={fields.devices} />
            <Field label="Readings per second" name="rate" type="number" value={50} min={1} error={fields.rate} />
            <Field label="Faults, %" name="faults" type="number" value={10} min={0} max={100} error={fields.faults} />
            <Choice
              label="Sent by"
              name="transport"
              options={[
                ['kinesis', 'Kinesis'],
                ['http', 'HTTP'],
              ]}
            />
            <Field
              label="Seconds"
              name="durationSeconds"
              type="number"
              min={1}
              placeholder="until stopped"
              error={fields.durationSeconds}
            />
            <button disabled={submission.busy || running}>Start</button>
            <button type="button" class="secondary" disabled={submission.busy || !running} onClick={stop}>
              Stop
            </button>
          </Form>
          <FleetStatus state={state} />
          <Outcome submission={submission} />
        </>
      )}
    </section>
  );
}

function FleetStatus({ state }: { state: FleetState | undefined }) {
  if (state === undefined || (!state.running && state.run === null)) {
    return (
      <p class="hint">
        Faults are bad, duplicate, late and out-of-order payloads in equal parts. By Kinesis bad ones come in and end in
        the quarantine; over HTTP they are refused at the door.
      </p>
    );
  }
  const sent = state.counts?.total.sent ?? 0;
  const { options } = state;
  return (
    <p class="outcome" role="status" data-fleet={state.running ? 'running' : 'stopped'}>
      {state.running ? 'Running' : 'Not running'}
      {options != null &&
        state.running &&
        `: ${countOf(options.devices, 'device')} at ${formatCount(options.rate)} per second`}
      {`, run ${state.run ?? ''}: `}
      {formatCount(sent)} sent.
      {state.failure !== undefined && <span class="failure"> {state.failure}</span>}
    </p>
  );
}

function optionsOf(values: Values): FleetOptions {
  const durationSeconds = values('durationSeconds');
  return {
    devices: Number(values('devices')),
    rate: Number(values('rate')),
    faults: Number(values('faults')) / 100,
    transport: values('transport') === 'http' ? 'http' : 'kinesis',
    ...(durationSeconds !== '' && { durationSeconds: Number(durationSeconds) }),
  };
}
