/** A chart over time (uPlot): drag to zoom, or use the buttons. What it shows is also said in words and in a table. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatLocal, formatShort } from '../format.ts';

interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  /** Says in words what the chart shows. */
  readonly label: string;
  /** Seconds since 1970, ascending. */
  readonly seconds: readonly number[];
  readonly series: readonly ChartSeries[];
  /** How a value is written at the axis and under the cursor. */
  readonly format?: (value: number) => string;
  readonly zoom?: boolean;
}

/** More series than this would not be told apart. */
export const MAX_SERIES = 6;
const HEIGHT = 260;
/** A single moment gets a minute to both sides, in seconds; uPlot would show years. */
function timeRange({ data: [times] }: uPlot, min: number, max: number): uPlot.Range.MinMax {
  const [first] = times;
  return first !== undefined && first === times.at(-1) ? [first - 60, first + 60] : [min, max];
}

const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 5]];
const darkTheme = matchMedia('(prefers-color-scheme: dark)');

export function Chart({ label, seconds, series, format = formatShort, zoom = false }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const zoomed = useRef(false);
  const [reading, setReading] = useState('');
  const labels = series.map((each) => each.label).join('\n');
  const latestFormat = useRef(format);
  latestFormat.current = format;
  const data = [seconds, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const latestData = useRef(data);
  latestData.current = data;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const show = (value: number) => latestFormat.current(value);
    const draw = () => {
      plot.current?.destroy();
      zoomed.current = false;
      plot.current = new uPlot(
        options({ names: labels.split('\n'), width: element.clientWidth, show, zoom, onCursor: setReading, zoomed }),
        latestData.current,
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    darkTheme.addEventListener('change', draw);
    return () => {
      darkTheme.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels, zoom]);

  useEffect(() => {
    // New readings must not undo what a person has zoomed to.
    plot.current?.setData(data, !zoomed.current);
    if (zoomed.current) plot.current?.redraw();
  }, [seconds, series]);

  const scaleBy = (shift: number, factor: number) => () => {
    const chart = plot.current;
    const { min, max } = chart?.scales.x ?? {};
    if (chart === null || min == null || max == null) return;
    const centre = (min + max) / 2 + shift * (max - min);
    const half = ((max - min) * factor) / 2;
    zoomed.current = true;
    chart.setScale('x', { min: centre - half, max: centre + half });
  };
  const whole = () => {
    zoomed.current = false;
    plot.current?.setData(latestData.current, true);
  };

  return (
    <figure class="chart">
      <div ref={holder} class="plot" role="img" aria-label={label} />
      <ul class="legend">
        {series.map((each, index) => (
          <li key={each.label}>
            <svg class={`swatch series-${index}`} viewBox="0 0 24 4" aria-hidden="true">
              <line x1="0" y1="2" x2="24" y2="2" stroke-dasharray={dashes[index]?.join(' ')} />
            </svg>
            <span>{each.label}</span>
          </li>
        ))}
      </ul>
      <p class="cursor" aria-hidden="true">
        {reading === '' ? ' ' : reading}
      </p>
      {zoom && (
        <div class="buttons" role="group" aria-label="Chart">
          <button type="button" class="small" onClick={scaleBy(0, 0.5)}>
            Zoom in
          </button>
          <button type="button" class="small" onClick={scaleBy(0, 2)}>
            Zoom out
          </button>
          <button type="button" class="small" onClick={scaleBy(-0.5, 1)}>
            Earlier
          </button>
          <button type="button" class="small" onClick={scaleBy(0.5, 1)}>
            Later
          </button>
          <button type="button" class="small" onClick={whole}>
            Whole range
          </button>
        </div>
      )}
    </figure>
  );
}

interface OptionsInput {
  readonly names: readonly string[];
  readonly width: number;
  readonly show: (value: number) => string;
  readonly zoom: boolean;
  readonly onCursor: (text: string) => void;
  readonly zoomed: { current: boolean };
}

function options({ names, width, show, zoom, onCursor, zoomed }: OptionsInput): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      drag: { x: zoom, y: false },
      points: { size: 7 },
      bind: {
        // uPlot itself then shows the whole range again.
        dblclick: (_chart, _target, handler) => (event) => {
          zoomed.current = false;
          return handler(event);
        },
      },
    },
    scales: { x: { time: true, range: timeRange } },
    axes: [
      { ...axis, values: timeLabels, incrs: timeSteps, space: 64 },
      { ...axis, size: 64, values: (_chart, splits) => splits.map(show) },
    ],
    series: [
      {},
      ...names.map((name, index) => ({
        label: name,
        stroke: colour(`--series-${index % MAX_SERIES}`),
        width: 2,
        dash: dashes[index % MAX_SERIES] ?? [],
        spanGaps: true,
      })),
    ],
    hooks: {
      setSelect: [
        (chart) => {
          zoomed.current = chart.select.width > 0;
        },
      ],
      setCursor: [(chart) => onCursor(underCursor(chart, show))],
    },
  };
}

function underCursor(chart: uPlot, show: (value: number) => string): string {
  const index = chart.cursor.idx;
  const seconds = index == null ? undefined : chart.data[0][index];
  if (index == null || seconds === undefined) return '';
  const values = chart.series.slice(1).map(({ label }, at) => {
    const value = chart.data[at + 1]?.[index];
    return value == null ? undefined : `${typeof label === 'string' ? label : ''} ${show(value)}`;
  });
  return [formatLocal(seconds * 1_000), ...values.filter((text) => text !== undefined)].join(' · ');
}

const minutes = [1, 5, 10, 15, 30]; // And as seconds.
const hours = [1, 2, 3, 4, 6, 8, 12];
const days = [1, 2, 7, 14, 28, 91, 182, 365, 1_825, 3_650];
/** Seconds between two lines of the time axis; none come closer than one. */
const timeSteps = [
  ...minutes,
  ...minutes.map((count) => count * 60),
  ...hours.map((count) => count * 3_600),
  ...days.map((count) => count * 86_400),
];

const timeLabels: uPlot.Axis.Values = [
  [86_400 * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [86_400 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];
