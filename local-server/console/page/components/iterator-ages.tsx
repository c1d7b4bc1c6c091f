import { useEffect, useMemo } from 'preact/hooks';
import { request } from '../api.ts';
import { formatDuration } from '../format.ts';
import { pipeline, samples } from '../state.ts';
import { useStore } from '../store.ts';
import type { PipelineState } from '../wire.ts';
import { Chart } from './chart.tsx';

const POLL_MILLIS = 1_000;

/** Keeps the state of the pipeline fresh while a view shows it: ages grow without any event. */
export function usePipeline(): PipelineState | undefined {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const controller = new AbortController();
    const poll = async () => {
      try {
        pipeline.set(await request<PipelineState>('/pipeline', { signal: controller.signal }));
      } catch {
        // That there is no connection is said at the top of the page.
      }
      if (!controller.signal.aborted) timer = setTimeout(() => void poll(), POLL_MILLIS);
    };
    void poll();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, []);
  return useStore(pipeline);
}

/** The iterator age of each consumer, as long as this page has watched. */
export function IteratorAges() {
  const list = useStore(samples);
  const chart = useMemo(() => {
    const names = list.at(-1)?.ages.map(({ name }) => name) ?? [];
    return {
      seconds: list.map(({ at }) => at / 1_000),
      series: names.map((label) => ({
        label,
        values: list.map(({ ages }) => ages.find(({ name }) => name === label)?.millis ?? null),
      })),
    };
  }, [list]);
  if (chart.series.length === 0) return null;
  const words = list
    .at(-1)
    ?.ages.map(({ name, millis }) => `${name} ${millis === null ? 'cannot tell' : formatDuration(millis)}`)
    .join(', ');
  return (
    <>
      <h4>Iterator age: how old the oldest record is that a consumer has not done</h4>
      <Chart label={`Iterator age now: ${words ?? ''}`} format={formatDuration} {...chart} />
    </>
  );
}
