import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LineChart, lineChart, type Panel } from '../../bench/support/line-chart.ts';

const throughput: Panel = {
  title: 'Throughput',
  unit: 'readings a second',
  categories: ['1', '2', '4'],
  xLabel: 'shards',
  series: [
    { name: '100 sensors', values: [10, 20, 30] },
    { name: '10,000 sensors', values: [9, 18, 27] },
  ],
};
const memory: Panel = {
  ...throughput,
  title: 'Memory',
  unit: 'MiB',
  series: [
    { name: '10,000 sensors', values: [300, 310, 320] },
    { name: '100 sensors', values: [100, 110, 120] },
  ],
};

function chartOf(...panels: readonly Panel[]): string {
  return lineChart({ title: 'Growth', panels });
}

const texts = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
const value = fc.integer({ min: 0, max: 1e9 }).map((number) => number / 1_000);

/** Panels of up to three series whose names differ. */
const charts: fc.Arbitrary<LineChart> = fc.integer({ min: 1, max: 8 }).chain((categories) => {
  const values = fc.array(value, { minLength: categories, maxLength: categories });
  const series = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', '<c>'), values }), {
    selector: ({ name }) => name,
    minLength: 1,
  });
  const panel = fc.record({
    title: texts,
    unit: texts,
    categories: fc.array(texts, { minLength: categories, maxLength: categories }),
    xLabel: texts,
    series,
  });
  return fc.record({ title: texts, panels: fc.array(panel, { minLength: 1, maxLength: 3 }) });
});

/** Text or a tag, as XML has them; nothing else may stand in a chart. */
const xmlToken =
  /(?:[^<>&]|&(?:amp|lt|gt);)+|<(?<end>\/?)(?<name>[a-z]+)(?: [A-Za-z][\w:-]*="[^"<>&]*")*(?<empty>\/?)>/y;

/** @throws Error where the text is not one whole element, all its own in it closed. */
function checkWellFormed(xml: string): void {
  const open: string[] = [];
  const content = xml.trimEnd();
  for (let end = 0; end < content.length; end = xmlToken.lastIndex) {
    if (end > 0 && open.length === 0) throw new Error(`more than one element: ${content.slice(end, end + 40)}`);
    xmlToken.lastIndex = end;
    const found = xmlToken.exec(content);
    if (found === null) throw new Error(`no XML: ${content.slice(end, end + 40)}`);
    const { name, end: closes, empty } = found.groups!;
    if (name === undefined || empty === '/') continue;
    if (closes !== '/') open.push(name);
    else if (open.pop() !== name) throw new Error(`${name} was not open`);
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} not closed`);
}

interface Drawn {
  readonly plot: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** The corners of each line. */
  readonly lines: readonly (readonly { readonly x: number; readonly y: number }[])[];
  readonly markers: readonly { readonly look: string; readonly x: number; readonly y: number }[];
  readonly tickLabels: readonly string[];
}

/** What a reader sees of each panel, in its own pixels. */
function panelsOf(svg: string): Drawn[] {
  return [...svg.matchAll(/<g transform="[^"]*">\n(.*?)\n<\/g>/gs)].map(([, panel]) => {
    const [left, top, width, height] = /class="plot" x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"/
      .exec(panel!)!
      .slice(1)
      .map(Number) as [number, number, number, number];
    return {
      plot: { left, top, right: left + width, bottom: top + height },
      lines: [...panel!.matchAll(/<path d="M (.+?)"/g)].map(([, corners]) =>
        corners!.split(' L ').map((corner) => {
          const [x, y] = corner.split(' ').map(Number) as [number, number];
          return { x, y };
        }),
      ),
      markers: [...panel!.matchAll(/<use href="#(.+?)" x="(.+?)" y="(.+?)"/g)].map(([, look, x, y]) => ({
        look: look!,
        x: Number(x),
        y: Number(y),
      })),
      tickLabels: [...panel!.matchAll(/<text class="end".*?>(.*?)</g)].map(([, label]) => label!),
    };
  });
}

describe('the check of these tests', () => {
  test.each(['<a>', '<a></b>', '<a/><b/>', '<a>&nbsp;</a>', '<a>1 < 2</a>', '<a b=c/>', '<a/>text'])(
    'refuses %s',
    (broken) => {
      expect(() => checkWellFormed(broken)).toThrow();
    },
  );
});

describe('a line chart', () => {
  test('is XML, whatever it is to show', () => {
    fc.assert(
      fc.property(charts, (chart) => {
        checkWellFormed(lineChart(chart));
      }),
    );
  });

  test('stands alone and tells what it is to those who do not see it', () => {
    const svg = chartOf(throughput);

    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img" aria-labelledby="title">/);
    expect(svg).toContain('<title id="title">Growth</title>');
    expect(svg).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg")/);
  });

  test('shows all that is written on it as text', () => {
    const name = 'a < b && "c" > d';
    const svg = lineChart({
      title: name,
      panels: [{ title: name, unit: name, categories: [name], xLabel: name, series: [{ name, values: [1] }] }],
    });

    // The title twice, once for those who do not see it; the legend once.
    expect(svg.split('a &lt; b &amp;&amp; "c" &gt; d')).toHaveLength(7 + 1);
    expect(svg).not.toContain(name);
  });

  test('has a line for each series, in each panel, and a marker for each of its values', () => {
    const panels = panelsOf(chartOf(throughput, memory));

    expect(panels.map(({ lines }) => lines.map((corners) => corners.length))).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(panels.map(({ markers }) => markers.length)).toEqual([6, 6]);
  });

  test('puts every value into the plot, higher by as much as it is greater', () => {
    fc.assert(
      fc.property(charts, (chart) => {
        for (const [index, { plot, lines, markers, tickLabels }] of panelsOf(lineChart(chart)).entries()) {
          const values = chart.panels[index]!.series.flatMap((series) => series.values);
          const greatestTick = Number(tickLabels.at(-1)!.replaceAll(',', ''));
          const points = lines.flat();

          expect(markers.map(({ x, y }) => ({ x, y }))).toEqual(points);
          for (const [at, { x, y }] of points.entries()) {
            expect(x).toBeGreaterThan(plot.left);
            expect(x).toBeLessThan(plot.right);
            // Within the tenth of a pixel that positions are rounded to.
            const share = (plot.bottom - y) / (plot.bottom - plot.top);
            expect(share).toBeCloseTo(values[at]! / greatestTick, 3);
            expect(share).toBeGreaterThanOrEqual(0);
            expect(share).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  test('spaces the categories evenly, whatever numbers they name', () => {
    const [line] = panelsOf(chartOf(throughput))[0]!.lines;
    const [first, second, third] = line!.map(({ x }) => x) as [number, number, number];

    expect(third - second).toBeCloseTo(second - first, 0);
  });

  test('counts from 0 in three or four equal, round steps', () => {
    fc.assert(
      fc.property(charts, (chart) => {
        for (const { tickLabels } of panelsOf(lineChart(chart))) {
          const [zero, step, ...others] = tickLabels.map((label) => Number(label.replaceAll(',', '')));

          expect([4, 5]).toContain(tickLabels.length);
          expect(zero).toBe(0);
          for (const [index, tick] of others.entries()) expect(tick).toBeCloseTo((index + 2) * step!, 9);
          expect(step!.toExponential()).toMatch(/^(?:[12345]|1\.5|2\.5)e/);
        }
      }),
    );
  });

  test.each([
    [30, ['0', '10', '20', '30']],
    [57_000, ['0', '15,000', '30,000', '45,000', '60,000']],
    [0.9, ['0.00', '0.25', '0.50', '0.75', '1.00']],
    [1.2, ['0.0', '0.3', '0.6', '0.9', '1.2']],
    [0.000_002, ['0.0000000', '0.0000005', '0.0000010', '0.0000015', '0.0000020']],
    [0, ['0.00', '0.25', '0.50', '0.75', '1.00']],
  ])('writes its scale up to %d with no more decimals than it needs', (greatest, labels) => {
    const svg = chartOf({ ...throughput, series: [{ name: 'a', values: [0, greatest, 0] }] });

    expect(panelsOf(svg)[0]!.tickLabels).toEqual(labels);
  });

  test('shows a series alike in every panel, and no two alike', () => {
    const [first, second] = panelsOf(chartOf(throughput, memory)).map(({ markers }) => markers.map(({ look }) => look));

    expect(first).toEqual(['marker-0', 'marker-0', 'marker-0', 'marker-1', 'marker-1', 'marker-1']);
    expect(second).toEqual(first!.toReversed());
  });

  test('has one legend for all panels, on as many lines as it needs', () => {
    const names = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(30));
    const svg = chartOf({ ...throughput, series: names.map((name) => ({ name, values: [1, 2, 3] })) });
    const width = Number(/width="(\d+)"/.exec(svg)![1]);
    const entries = names.map((name) => new RegExp(`x="([^"]+)" y="([^"]+)">${name}<`).exec(svg)!.slice(1).map(Number));

    expect(new Set(entries.map(([, y]) => y)).size).toBeGreaterThan(1);
    for (const [x] of entries) expect(x! + 30 * 6).toBeLessThan(width);
    for (const name of names) expect(svg.split(name)).toHaveLength(2);
  });

  test('is as wide as its title', () => {
    const widthOf = (title: string) => Number(/width="(\d+)"/.exec(lineChart({ title, panels: [throughput] }))![1]);

    expect(widthOf('Growth '.repeat(20))).toBeGreaterThan(widthOf('Growth'));
  });

  test.each([
    ['too few values', [1, 2]],
    ['too many values', [1, 2, 3, 4]],
    ['a value below 0', [1, -2, 3]],
    ['no number', [1, NaN, 3]],
    ['an endless value', [1, Infinity, 3]],
  ])('refuses a series with %s and names it', (_, values) => {
    expect(() => chartOf({ ...throughput, series: [{ name: 'odd one', values }] })).toThrow(/Throughput, odd one/);
  });

  test('refuses more series than a reader can tell apart', () => {
    const series = Array.from({ length: 6 }, (_, index) => ({ name: String(index), values: [1, 2, 3] }));

    expect(() => chartOf({ ...throughput, series: series.slice(1) })).not.toThrow();
    expect(() => chartOf({ ...throughput, series })).toThrow(RangeError);
  });
});
