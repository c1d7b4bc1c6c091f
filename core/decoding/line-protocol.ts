/**
 * Line protocol of InfluxDB (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/):
 * `measurement[,tag=value…] field=value[,field=value…] [timestamp]`. Each field with a number is a reading; its sensor is the series
 * and the field, `weather,room=kitchen.temp`. Fields with text or a boolean are left out and counted.
 */
import { checkReading, type ReadingResult } from '../reading.ts';
import { type Decoded, type Decoder, type Envelope, joined, refusal } from './decoded.ts';
import { seriesId } from './series-id.ts';

const FORMAT = 'line-protocol';
/**
 * Of text that may be anything: a measurement, tags, and the first field. The format allows `=` in a measurement, and `<` or a
 * quotation mark at its start; log lines and web pages have them.
 */
const beginning = /^(?![<"'])(?:[^\s,=\\]|\\.)+(?:,(?:[^\s,=\\]|\\.)+=(?:[^\s,=\\]|\\.)+)* +(?:[^\s,=\\]|\\.)+=\S/;

export const lineProtocol: Decoder = {
  format: FORMAT,

  recognises: ({ text }) => {
    const first = text === undefined ? undefined : linesOf(text).find(({ text: line }) => isLine(line));
    return first !== undefined && beginning.test(first.text);
  },

  decode: ({ text = '' }, envelope) =>
    joined(
      FORMAT,
      linesOf(text)
        .filter(({ text: line }) => isLine(line))
        .map(({ text: line }) => decodeLine(line, envelope)),
    ),
};

/** Comments and empty lines are none. */
export function isLine(text: string): boolean {
  return text.trim() !== '' && !text.trimStart().startsWith('#');
}

/** In which unit the timestamps of a request are, if not in nanoseconds: as both versions of the API of InfluxDB name it. */
const nanosecondsOf: Readonly<Record<string, bigint>> = {
  ns: 1n,
  n: 1n,
  us: 1_000n,
  u: 1_000n,
  µ: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
export const precisions = Object.keys(nanosecondsOf);

/** The same line with its timestamp in nanoseconds, so that it means the same without the request that it came with. */
export function inNanoseconds(line: string, precision: string): string {
  const factor = nanosecondsOf[precision] ?? 1n;
  const read = factor === 1n ? undefined : readLine(line.trim());
  if (read === undefined || typeof read === 'string' || read.timestamp === undefined) return line;
  return line.trim().slice(0, -read.timestamp.length) + String(BigInt(read.timestamp) * factor);
}

/** One line, as an HTTP door takes each by itself. */
export function decodeLine(line: string, { arrivedAt }: Envelope): Decoded {
  const read = readLine(line.trim());
  if (typeof read === 'string') {
    return { format: FORMAT, parts: [refusal(read, shown(line))], leftOut: 0 };
  }
  const parts: ReadingResult[] = [];
  let leftOut = 0;
  for (const { name, value } of read.fields) {
    if (value === undefined) leftOut += 1;
    else parts.push(checkReading({ sensorid: `${read.series}.${name}`, value, timestamp: read.timestamp }, arrivedAt));
  }
  return { format: FORMAT, parts, leftOut, source: read.series };
}

interface Line {
  readonly series: string;
  /** A field that is no number has no value here. */
  readonly fields: readonly { readonly name: string; readonly value: string | undefined }[];
  readonly timestamp: string | undefined;
}

/** What the line says, or the rule that it breaks. */
function readLine(line: string): Line | string {
  const [head = '', fields, timestamp, ...rest] = split(line, ' ').filter((part) => part !== '');
  if (fields === undefined) return 'must have fields: measurement,tag=value field=value timestamp';
  if (rest.length > 0 || (timestamp !== undefined && !/^-?\d+$/.test(timestamp))) {
    return 'must end after the timestamp, which is a whole number';
  }
  const [measurement = '', ...tagTexts] = split(head, ',');
  const tags = tagTexts.map(pairOf);
  if (measurement === '' || tags.some((tag) => tag === undefined)) return 'must have tags as name=value';
  const read: { name: string; value: string | undefined }[] = [];
  for (const text of split(fields, ',')) {
    const pair = pairOf(text);
    const value = pair === undefined ? invalid : readValue(pair[1]);
    if (pair === undefined || value === invalid) {
      return 'must have fields as name=value, with a number, a quoted text or a boolean as value';
    }
    read.push({ name: pair[0], value });
  }
  const series = seriesId(
    unescaped(measurement),
    tags.flatMap((tag) => (tag === undefined ? [] : [[tag[0], unescaped(tag[1])] as const])),
  );
  return { series, fields: read, timestamp };
}

const invalid = Symbol('neither number, text nor boolean');
/** Floats, integers (`i`) and unsigned integers (`u`). */
const number = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+(?=[iu]$))[iu]?$/;
const text = /^"(?:[^"\\]|\\.)*"$/s;
const boolean = /^(?:t|T|true|True|TRUE|f|F|false|False|FALSE)$/;

/** The number as it was written; `undefined` for text and booleans. */
function readValue(written: string): string | undefined | typeof invalid {
  const [, digits] = number.exec(written) ?? [];
  if (digits !== undefined) return digits;
  return text.test(written) || boolean.test(written) ? undefined : invalid;
}

function pairOf(written: string): readonly [name: string, value: string] | undefined {
  const [name = '', ...value] = split(written, '=');
  return name === '' || value.length === 0 || value[0] === '' ? undefined : [unescaped(name), value.join('=')];
}

/** At a character that is neither escaped nor within quotes. */
function split(written: string, at: ' ' | ',' | '='): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < written.length; index += 1) {
    const character = written[index];
    if (character === '\\') index += 1;
    else if (character === '"' && (quoted || written[index - 1] === '=')) quoted = !quoted;
    else if (character === at && !quoted) {
      parts.push(written.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(written.slice(start));
  return parts;
}

function unescaped(written: string): string {
  return written.replace(/\\([,= ])/g, '$1');
}

export interface NumberedLine {
  /** Of the line on which it begins, from 1. */
  readonly number: number;
  readonly text: string;
}

/** All lines, also blank ones and comments. A text may hold line feeds, so that a line ends only outside of quotes. */
export function linesOf(written: string): readonly NumberedLine[] {
  const pieces = written.split('\n');
  if (!written.includes('"')) return pieces.map((text, at) => ({ number: at + 1, text }));
  const lines: NumberedLine[] = [];
  let open: NumberedLine | undefined;
  pieces.forEach((piece, at) => {
    open = open === undefined ? { number: at + 1, text: piece } : { ...open, text: `${open.text}\n${piece}` };
    if (isQuoteOpen(open.text)) return;
    lines.push(open);
    open = undefined;
  });
  if (open !== undefined) lines.push(open);
  return lines;
}

function isQuoteOpen(line: string): boolean {
  if (!isLine(line)) return false;
  return (line.replace(/\\./gs, '').match(/"/g)?.length ?? 0) % 2 === 1;
}

function shown(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 79)}…` : line);
}
