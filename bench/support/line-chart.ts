/** Line charts as SVG images for reports: nothing but text, without a script, a font or a library. */

export interface LineChart {
  readonly title: string;
  /** Side by side, with one legend: a series of the same name looks the same in each. */
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title: string;
  /** Of the values: what stands at the vertical axis, which starts at 0. */
  readonly unit: string;
  /** Evenly spaced, whatever numbers they name. */
  readonly categories: readonly string[];
  readonly xLabel: string;
  readonly series: readonly Series[];
}

interface Series {
  readonly name: string;
  /** One for each category, none below 0. */
  readonly values: readonly number[];
}

/** Colours that also colour-blind readers tell apart, each with a marker for print without colour, drawn around 0, 0. */
const looks = [
  { colour: '#0072b2', marker: '<circle r="4.5"/>' },
  { colour: '#d55e00', marker: '<rect x="-4.2" y="-4.2" width="8.4" height="8.4"/>' },
  { colour: '#008060', marker: '<polygon points="0,-5.6 5.2,3.8 -5.2,3.8"/>' },
  { colour: '#aa3377', marker: '<polygon points="0,-6 6,0 0,6 -6,0"/>' },
  { colour: '#444444', marker: '<polygon points="0,5.6 5.2,-3.8 -5.2,-3.8"/>' },
];

/** Everything in pixels. A panel is drawn from its own top left corner. */
const MARGIN = 20;
const PANEL = { leastWidth: 460, height: 308 };
const PLOT = { top: 54, bottom: 254 };
const LINE_HEIGHT = 22;
const LEGEND = { top: 62, swatch: 28 };

/** Colours of its own and a background, since the page around it may be light or dark. */
const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #333; }
  .title { font-size: 17px; font-weight: 600; fill: #111; }
  .panel-title { font-size: 13px; font-weight: 600; fill: #111; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .paper { fill: #fcfcfc; stroke: #d0d0d0; }
  .plot { fill: none; }
  .grid { stroke: #e2e2e2; }
  .axis { stroke: #777; }
  path { fill: none; stroke-width: 2; stroke-linejoin: round; }
  use { stroke: #fcfcfc; }
`;

/** @throws RangeError for values that it cannot show, and for more series than can be told apart. */
export function lineChart({ title, panels }: LineChart): string {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (names.length > looks.length) throw new RangeError(`${names.length} series cannot be told apart`);
  const panelWidth = Math.max(
    PANEL.leastWidth,
    Math.ceil((widthOf(title, 17) + 2 * MARGIN) / panels.length),
    ...panels.map((panel) => widthOf(panel.title, 13) + 2 * MARGIN),
  );
  const width = panels.length * panelWidth;
  const legend = legendOf(names, width);
  const height = legend.bottom + PANEL.height;
  const drawn = panels.map((panel, index) =>
    group(`translate(${index * panelWidth} ${legend.bottom})`, drawPanel(panel, names, panelWidth - MARGIN)),
  );
  const markers = looks.map(({ colour, marker }, index) => `<g id="marker-${index}" fill="${colour}">${marker}</g>`);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<defs>${markers.slice(0, names.length).join('')}</defs>`,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    text(MARGIN, 34, title, 'title'),
    ...legend.entries,
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

/** Beneath the title, from left to right and on in the next line where there is no room. */
function legendOf(names: readonly string[], width: number) {
  let [x, y] = [MARGIN, LEGEND.top];
  const entries = names.map((name, look) => {
    const entryWidth = LEGEND.swatch + 6 + widthOf(name, 12);
    if (x > MARGIN && x + entryWidth > width - MARGIN) [x, y] = [MARGIN, y + LINE_HEIGHT];
    const middle = x + LEGEND.swatch / 2;
    const swatch = `<line x1="${x}" x2="${x + LEGEND.swatch}" y1="${y}" y2="${y}" stroke="${colourOf(look)}" stroke-width="2"/>`;
    const entry = [swatch, marker(look, middle, y), text(x + LEGEND.swatch + 6, y + 4, name)];
    x += entryWidth + MARGIN;
    return entry.join('');
  });
  return { entries, bottom: y + LINE_HEIGHT };
}

/** @param right Where the plot ends. */
function drawPanel(panel: Panel, names: readonly string[], right: number): string[] {
  const { title, unit, categories, xLabel, series } = panel;
  const isShown = (value: number) => value >= 0 && value < Infinity;
  const odd = series.find(({ values }) => values.length !== categories.length || !values.every(isShown));
  if (odd !== undefined) throw new RangeError(`${title}, ${odd.name}: not a value from 0 for each category`);

  const ticks = ticksTo(Math.max(0, ...series.flatMap(({ values }) => values)));
  const labels = labelsOf(ticks);
  const left = MARGIN + Math.max(...labels.map((label) => widthOf(label, 12))) + 8;
  const xOf = (index: number) => round(left + ((index + 0.5) * (right - left)) / categories.length);
  const yOf = (value: number) => round(PLOT.bottom - (value / (ticks.at(-1) ?? 1)) * (PLOT.bottom - PLOT.top));

  return [
    text(MARGIN, 16, title, 'panel-title'),
    text(MARGIN, 34, unit),
    `<rect class="plot" x="${left}" y="${PLOT.top}" width="${right - left}" height="${PLOT.bottom - PLOT.top}"/>`,
    ...ticks.flatMap((tick, index) => [
      `<line class="${tick === 0 ? 'axis' : 'grid'}" x1="${left}" x2="${right}" y1="${yOf(tick)}" y2="${yOf(tick)}"/>`,
      text(left - 8, yOf(tick) + 4, labels[index] ?? '', 'end'),
    ]),
    ...categories.map((category, index) => text(xOf(index), PLOT.bottom + 18, category, 'middle')),
    text((left + right) / 2, PLOT.bottom + 36, xLabel, 'middle'),
    ...series.flatMap(({ name, values }) => {
      const look = names.indexOf(name);
      const points = values.map((value, index) => ({ x: xOf(index), y: yOf(value) }));
      const line = points.map(({ x, y }) => `${x} ${y}`).join(' L ');
      return [`<path d="M ${line}" stroke="${colourOf(look)}"/>`, ...points.map(({ x, y }) => marker(look, x, y))];
    }),
  ];
}

/** Four or five round values from 0 to one that is no less than the greatest. */
function ticksTo(greatest: number): number[] {
  if (greatest === 0) return ticksTo(1);
  const power = 10 ** Math.floor(Math.log10(greatest / 4));
  const step = power * ([1, 1.5, 2, 2.5, 3, 4, 5].find((factor) => greatest / (factor * power) <= 4) ?? 10);
  return Array.from({ length: Math.ceil(greatest / step) + 1 }, (_, index) => index * step);
}

function marker(look: number, x: number, y: number): string {
  return `<use href="#marker-${look}" x="${x}" y="${y}"/>`;
}

function colourOf(look: number): string {
  return looks[look]?.colour ?? '';
}

function text(x: number, y: number, content: string, className?: string): string {
  const classAttribute = className === undefined ? '' : ` class="${className}"`;
  return `<text${classAttribute} x="${round(x)}" y="${round(y)}">${escape(content)}</text>`;
}

function group(transform: string, content: readonly string[]): string {
  return `<g transform="${transform}">\n${content.join('\n')}\n</g>`;
}

/** About, and rather too much: the font is the reader's. */
function widthOf(content: string, fontSize: number): number {
  return Math.ceil(content.length * fontSize * 0.58);
}

/** All with as many decimals as one of them needs. */
function labelsOf(ticks: readonly number[]): string[] {
  const label = (tick: number, minimumFractionDigits: number) =>
    Number(tick.toPrecision(6)).toLocaleString('en-US', { minimumFractionDigits, maximumFractionDigits: 20 });
  const decimals = ticks.map((tick) => label(tick, 0).split('.')[1]?.length ?? 0);
  return ticks.map((tick) => label(tick, Math.max(...decimals)));
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
