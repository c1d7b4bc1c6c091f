/** Values as people read them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const precise = new Intl.NumberFormat(undefined, { maximumFractionDigits: 20 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
export function formatCount(count: number): string {
  return whole.format(count);
}

/** A measured value, to its last digit. */
export function formatValue(value: number): string {
  const digits = String(value);
  // As text, since the digits of the double itself go on behind those that tell it apart.
  return Math.abs(value) >= 1e15 || (value !== 0 && Math.abs(value) < 1e-6)
    ? digits
    : precise.format(digits as `${number}`);
}

/** A computed value, to six digits. */
export function formatShort(value: number): string {
  return Math.abs(value) >= 1e9 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toPrecision(6) : short.format(value);
}

/** Local time in the order in which it sorts; milliseconds only where they say something. */
export function formatLocal(instant: string | number): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return String(instant);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  const millis = date.getMilliseconds();
  return `${day} ${time}${millis === 0 ? '' : `.${String(millis).padStart(3, '0')}`}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

export function formatUtc(instant: string | number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? String(instant) : `${date.toISOString()} (UTC)`;
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** One or two units: `3 min 20 s`, `1.2 s`, `40 ms`. */
export function formatDuration(millis: number): string {
  if (millis < 1_000) return `${Math.round(millis)} ms`;
  if (millis < 10_000) return `${(millis / 1_000).toFixed(1)} s`;
  const index = units.findIndex(([size]) => millis >= size);
  const [size, name] = units[index] ?? [1_000, 's'];
  const [nextSize, nextName] = units[index + 1] ?? [size, name];
  const count = Math.floor(millis / size);
  const rest = Math.floor((millis % size) / nextSize);
  return nextSize === size || rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${nextName}`;
}

/** How long ago, or how far ahead where a device's clock is: `12 s ago`, `in 3 h`. */
export function formatAge(instant: string, now: number): string {
  const age = now - Date.parse(instant);
  if (Number.isNaN(age)) return 'unknown';
  if (Math.abs(age) < 1_000) return 'now';
  const words = formatDuration(Math.floor(Math.abs(age) / 1_000) * 1_000).replace('.0 s', ' s');
  return age > 0 ? `${words} ago` : `in ${words}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `shard 3` for `shardId-000000000003`. */
export function shortShard(shardId: string): string {
  const number = /^shardId-(\d+)$/.exec(shardId)?.[1];
  return number === undefined ? shardId : `shard ${Number(number)}`;
}

/** The digits of a sequence number that differ within a shard: it begins with the shard's creation, and ends alike. */
export function shortSequence(sequenceNumber: string): string {
  if (sequenceNumber.length < 40) return sequenceNumber;
  return `…${sequenceNumber
    .slice(13, -12)
    .replace(/^0+(?=\d)/, '')
    .slice(-18)}…`;
}

export type Payload = { readonly text: string } | { readonly hex: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text where they are UTF-8, else as a hex dump of 16 bytes a line. */
export function decodePayload(base64: string): Payload {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    const lines: string[] = [];
    for (let start = 0; start < bytes.length; start += 16) {
      const row = Array.from(bytes.subarray(start, start + 16));
      const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
      lines.push(`${start.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${ascii}`);
    }
    return { hex: lines.join('\n') };
  }
}
