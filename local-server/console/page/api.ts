/** Requests to the server. What it refuses comes as an Error with the server's own words. */
import type { Reason } from './wire.ts';

/** Problem details (RFC 9457) with the members that this server adds. */
interface Problem {
  readonly detail?: string;
  readonly field?: string;
  readonly rejected?: readonly { readonly reason: string; readonly reasons: readonly Reason[] }[];
}

export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  /** 0 where nothing answered. */
  readonly status: number;
  /** What is wrong with which field, where the server says so. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/** @throws RequestFailed; the AbortError of an aborted signal. */
export async function requestText(path: string, options: RequestInit = {}): Promise<string> {
  let response: Response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new RequestFailed(0, 'The server does not answer. Is npm start still running?');
  }
  const text = await response.text();
  if (!response.ok) throw failure(response.status, text);
  return text;
}

/** As `requestText`, for an answer in JSON; the caller names the type that the interface promises. */
export async function request<Body>(path: string, options?: RequestInit): Promise<Body> {
  return JSON.parse(await requestText(path, options)) as Body;
}

export function sendJson<Body>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<Body> {
  return request(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** A path from parts that come from outside, such as sensor ids. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

export function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

function failure(status: number, text: string): RequestFailed {
  const { detail, field, rejected } = problemOf(text);
  const reasons = rejected?.[0]?.reasons ?? [];
  // What a schema refuses is named by its place: `body/devices must be >= 1`.
  const [, place, rule] = /^body\/(\w+) (.*)$/s.exec(detail ?? '') ?? [];
  if (place !== undefined && rule !== undefined)
    return new RequestFailed(status, `${place} ${rule}`, { [place]: rule });
  const message = rejected?.[0]?.reason ?? detail ?? `The server answered ${status} and did not say why.`;
  const fields = Object.fromEntries(reasons.map(({ field: name, rule, seen }) => [name, `${rule}, but is ${seen}`]));
  return new RequestFailed(status, message, field === undefined ? fields : { ...fields, [field]: message });
}

function problemOf(text: string): Problem {
  try {
    return (JSON.parse(text) ?? {}) as Problem;
  } catch {
    return {}; // Something between the page and the server answered.
  }
}
