/**
 * Times of a CSV file. Each format is one that a person named, or the one that reads the times of the first rows; where two read
 * them and disagree, nobody guesses.
 */
import { DateTime, IANAZone } from 'luxon';
import { InvalidRequest } from '../../../core/errors.ts';
import { finerThanMillis, formatMoment, type Moment } from '../../../core/moment.ts';
import { readSentTime } from '../../../core/sent-time.ts';
import { isRecordable } from '../../../core/timestamp.ts';

export interface TimeFormat {
  /** As people know it. */
  readonly name: string;
  /** `local`: the moment is the clock on the wall of some zone, written as if it were UTC. */
  readonly parse: (cell: string) => (Moment & { readonly local: boolean }) | undefined;
}

const endsWithOffset = /[Tt ]\d\d(?::?\d\d){0,2}(?:[.,]\d+)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)$/;
const digits = /^\d+$/;

/** What the server reads (`core/sent-time.ts`). */
const contractFormat: TimeFormat = {
  name: 'ISO 8601, or a number since 1970',
  parse: (cell) => {
    const time = readSentTime(cell, Date.now());
    if (!time.ok) return undefined;
    const isDate = digits.test(cell) ? formatMoment(time).replace(/\D/g, '').startsWith(cell) : /\d[-/T]/.test(cell);
    return { instant: time.instant, finer: time.finer, local: isDate && !endsWithOffset.test(cell) };
  },
};

/** A fraction of a second, which Luxon would cut to milliseconds. */
const fraction = /(:\d\d)[.,](\d+)/;
/** Tokens of an offset and of a zone. */
const absoluteTokens = /[Zz]/;

/** @param format In Luxon's tokens. */
export function luxonFormat(format: string): TimeFormat {
  const local = !absoluteTokens.test(format.replace(/'[^']*'/g, ''));
  const cut = !/[Su]/.test(format);
  const parser = DateTime.buildFormatParser(format, { locale: 'en' });
  return {
    name: format,
    parse: (cell) => {
      const [, , parts = ''] = (cut ? fraction.exec(cell) : null) ?? [];
      const text = parts === '' ? cell : cell.replace(fraction, '$1');
      const time = DateTime.fromFormatParser(text, parser, { zone: 'utc', locale: 'en' });
      if (!time.isValid) return undefined;
      const instant = time.toMillis() + Number(parts.slice(0, 3).padEnd(3, '0'));
      return isRecordable(instant) ? { instant, finer: finerThanMillis(parts), local } : undefined;
    },
  };
}

const dates = [
  ['yyyy', 'yyyy-M', 'yyyy/M', 'M/yyyy', 'MMM yyyy', 'MMMM yyyy'],
  ['d/M/yyyy', 'M/d/yyyy', 'd.M.yyyy', 'd-M-yyyy', 'M-d-yyyy', 'yyyy-M-d', 'yyyy/M/d', 'yyyy.M.d'],
  ['MMM d yyyy', 'MMM d, yyyy', 'MMMM d yyyy', 'MMMM d, yyyy', 'd MMM yyyy', 'd MMMM yyyy', 'd-MMM-yyyy', 'd-MMM-yy'],
  // A year of two digits, which Luxon also reads from four.
  ['d/M/yy', 'M/d/yy', 'd.M.yy', 'd-M-yy', 'M-d-yy', 'yy-M-d', 'yy/M/d'],
].flat();
const clocks = ['', ' H:mm', ' H:mm:ss', ' H.mm', ' H.mm.ss', ' h:mm a', ' h:mm:ss a', ', H:mm', ', H:mm:ss'];

/** Formats that are guessed: each date alone, and with each time of day. Built on demand, as most files are in ISO 8601. */
function* knownFormats(): Generator<TimeFormat> {
  for (const date of dates) for (const clock of clocks) yield luxonFormat(date + clock);
}

/** Enough cells to tell formats apart that read nothing from those that read some. */
const FEW = 20;

/**
 * The format that reads the times of the first rows.
 *
 * @param cells Times of the first rows, in their order. @param column What to name in errors.
 * @throws InvalidRequest where no format reads them, or nobody can tell which of several is right.
 */
export function guessTimeFormat(cells: readonly string[], column: string): TimeFormat {
  const [first] = cells;
  const distinct = [...new Set(cells)];
  if (first === undefined || distinct.every((cell) => contractFormat.parse(cell) !== undefined)) return contractFormat;

  const few = distinct.slice(0, FEW);
  const candidates = [contractFormat, ...knownFormats()]
    .filter(({ parse }) => few.some((cell) => parse(cell) !== undefined))
    .map((format) => ({ format, read: distinct.map((cell) => format.parse(cell)) }))
    .map((candidate) => ({ ...candidate, hits: candidate.read.filter((moment) => moment !== undefined).length }))
    .sort((a, b) => b.hits - a.hits);
  const [best] = candidates;
  if (best === undefined) {
    throw new InvalidRequest(
      '--time',
      `column "${column}" begins with "${first}", which is no time; --time-format says how it is written, such as --time-format "d/M/yyyy HH:mm"`,
    );
  }
  for (const { format, read, hits } of candidates.slice(1)) {
    if (isYearOfFour(best.format) !== isYearOfFour(format)) continue;
    const onlyThis = distinct.find((_, index) => best.read[index] === undefined && read[index] !== undefined);
    const differs = distinct.find((_, index) => read[index]?.instant !== best.read[index]?.instant);
    const which = `say which is right with --time-format, such as --time-format "${best.format.name}"`;
    if (onlyThis !== undefined) {
      throw new InvalidRequest(
        '--time',
        `no format reads all of column "${column}": ${best.format.name} reads most, and "${onlyThis}" is ${format.name}; ${which}`,
      );
    }
    if (hits === best.hits && differs !== undefined) {
      throw new InvalidRequest(
        '--time',
        `"${differs}" in column "${column}" can be read as ${best.format.name} and as ${format.name}; ${which}`,
      );
    }
  }
  return best.format;
}

function isYearOfFour({ name }: TimeFormat): boolean {
  return !/(?<!y)yy(?!y)/.test(name);
}

/** @throws InvalidRequest where there is no such zone. */
export function checkTimeZone(name: string): string {
  if (IANAZone.isValidZone(name)) return name;
  throw new InvalidRequest('--time-zone', `is "${name}", but must be a name such as Europe/Berlin or UTC`);
}

export type CellTime =
  { readonly ok: true; readonly timestamp: string } | { readonly ok: false; readonly problem: string };

/**
 * Reads the times of one file, row by row.
 *
 * At the end of summer time an hour comes twice. The first time is taken as the one before the change, and a time that is not
 * after the last one of its sensor as the one behind it: rows in order become readings in order (in reverse order, in reverse).
 */
export class TimeReader {
  readonly #format: TimeFormat;
  readonly #zone: string | undefined;
  readonly #last = new Map<string, number>();
  #descending = false;

  constructor(format: TimeFormat, zone: string | undefined) {
    this.#format = format;
    this.#zone = zone === undefined || zone.toUpperCase() === 'UTC' ? undefined : zone;
  }

  /** @param series Rows of the same series are in order: a sensor. */
  read(cell: string, series: string): CellTime {
    const moment = this.#format.parse(cell);
    if (moment === undefined) return { ok: false, problem: `"${cell}" is no time (${this.#format.name})` };
    if (this.#zone === undefined || !moment.local) return { ok: true, timestamp: formatMoment(moment) };

    const [early, late] = instantsOf(moment.instant, this.#zone);
    if (early === undefined) {
      return { ok: false, problem: `"${cell}" does not exist in ${this.#zone}: clocks went forward` };
    }
    const last = this.#last.get(series);
    const instant = late === undefined ? early : this.#choose(early, late, last);
    if (late === undefined && last !== undefined && last !== instant) this.#descending = instant < last;
    this.#last.set(series, instant);
    return { ok: true, timestamp: formatMoment({ instant, finer: moment.finer }) };
  }

  #choose(early: number, late: number, last: number | undefined): number {
    if (this.#descending) return last === undefined || late < last ? late : early;
    return last === undefined || early > last ? early : late;
  }
}

/** The moments at which clocks of the zone show this: none, one, or two in their order. */
function instantsOf(wallClock: number, zone: string): readonly number[] {
  const shown = DateTime.fromMillis(wallClock, { zone: 'utc' });
  const local = shown.setZone(zone, { keepLocalTime: true });
  if (local.hour !== shown.hour || local.minute !== shown.minute) return [];
  return local.getPossibleOffsets().map((time) => time.toMillis());
}
