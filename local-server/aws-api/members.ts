/**
 * Reads the members of a request as the model of a service declares them. As on AWS, a member of the wrong type is
 * a SerializationException at once, while broken constraints are collected and become one ValidationException.
 */
import type { EpochMillis } from '../../core/ports.ts';
import { AwsError } from './aws-error.ts';
import { Timestamp } from './codec.ts';

export interface StringRules {
  readonly required?: boolean;
  /** In Unicode characters, like `maxLength`. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** A regular expression for the whole value, as the model writes it. */
  readonly pattern?: string;
}

export interface IntegerRules {
  readonly min: number;
  readonly max: number;
}

/** In characters, or in items of a list or map. */
export interface LengthRules {
  readonly minLength: number;
  readonly maxLength: number;
}

export interface MapRules {
  readonly keys: LengthRules;
  readonly values: LengthRules;
}

/** AWS lists no more than this many violations. */
const MAX_VIOLATIONS = 10;
/** AWS echoes a value whole; what is refused here for its size is not sent back. */
const MAX_ECHO = 1_024;

export class Members {
  readonly #fields: Readonly<Record<string, unknown>>;
  /** Where the fields stand in the request: empty, or for instance `records.1.member.`. */
  readonly #path: string;
  readonly #violations: string[];

  /** @param request Decoded from JSON or CBOR. */
  constructor(request: unknown, path = '', violations: string[] = []) {
    if (!isStructure(request)) throw mismatch(path, request, 'Structure');
    this.#fields = request;
    this.#path = path;
    this.#violations = violations;
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** A required string that is missing is a violation; what is returned for it is never used, as `check` throws. */
  string(name: string, rules: StringRules & { readonly required: true }): string;
  string(name: string, rules: StringRules): string | undefined;
  string(name: string, rules: StringRules): string | undefined {
    const value = this.#value(name);
    if (value === undefined) {
      if (rules.required !== true) return undefined;
      this.#violate(name, null, 'Member must not be null');
      return '';
    }
    if (typeof value !== 'string') throw mismatch(name, value, 'String');
    const { minLength = 0, maxLength, pattern } = rules;
    if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
      this.#violate(name, value, `Member must satisfy regular expression pattern: ${pattern}`);
    }
    this.#checkLength(name, value, { length: countCharacters(value), minLength, maxLength });
    return value;
  }

  /** A required string that must be one of the values. @param values In the order of AWS's message, which is not that of the model. */
  oneOf<Value extends string>(name: string, values: readonly [Value, ...Value[]]): Value {
    const [first] = values;
    const value = this.#value(name);
    if (value === undefined) {
      this.#violate(name, null, 'Member must not be null');
      return first;
    }
    if (typeof value !== 'string') throw mismatch(name, value, 'String');
    const known = values.find((each) => each === value);
    if (known === undefined) {
      this.#violate(name, value, `Member must satisfy enum value set: [${values.join(', ')}]`);
    }
    return known ?? first;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw mismatch(name, value, 'Boolean');
  }

  /** JSON has seconds with a fraction, CBOR milliseconds. */
  timestamp(name: string): EpochMillis | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (value instanceof Timestamp) return value.milliseconds;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw mismatch(name, value, 'Timestamp');
    return Math.round(value * 1_000);
  }

  integer(name: string, rules: IntegerRules & { readonly required: true }): number;
  integer(name: string, rules: IntegerRules): number | undefined;
  integer(name: string, { min, max, required }: IntegerRules & { required?: true }): number | undefined {
    const value = this.#value(name);
    if (value === undefined) {
      if (required !== true) return undefined;
      this.#violate(name, null, 'Member must not be null');
      return min;
    }
    if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch(name, value, 'Integer');
    if (value < min) this.#violate(name, value, `Member must have value greater than or equal to ${min}`);
    if (value > max) this.#violate(name, value, `Member must have value less than or equal to ${max}`);
    return value;
  }

  /** Required bytes, which JSON carries as base64 and CBOR as they are. @param maxLength In bytes. */
  blob(name: string, maxLength: number): Uint8Array {
    const value = this.#value(name);
    if (value === undefined) {
      this.#violate(name, null, 'Member must not be null');
      return new Uint8Array();
    }
    const bytes = value instanceof Uint8Array ? value : fromBase64(name, value);
    const { length } = bytes;
    this.#checkLength(name, `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`, { length, maxLength });
    return bytes;
  }

  /** A required list of structures, each to be read in its turn; one `check` covers them all. */
  structures(name: string, { minLength, maxLength }: { minLength: number; maxLength: number }): readonly Members[] {
    const value = this.#value(name);
    if (value === undefined) {
      this.#violate(name, null, 'Member must not be null');
      return [];
    }
    if (!Array.isArray(value)) throw mismatch(name, value, 'List');
    this.#checkLength(name, value.length === 0 ? '[]' : undefined, { length: value.length, minLength, maxLength });
    const list = `${this.#path}${lowerFirst(name)}`;
    return value.map((item, index) => new Members(item, `${list}.${index + 1}.member.`, this.#violations));
  }

  /** A structure within this one; its violations are reported by `check` of either. */
  structure(name: string): Members | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (!isStructure(value)) throw mismatch(name, value, 'Structure');
    return new Members(value, `${this.#path}${lowerFirst(name)}.`, this.#violations);
  }

  /** A required list of strings. @param rules Of each of them. */
  strings(name: string, { minLength, maxLength }: LengthRules, rules: LengthRules): readonly string[] {
    const value = this.#value(name);
    if (value === undefined) {
      this.#violate(name, null, 'Member must not be null');
      return [];
    }
    if (!Array.isArray(value)) throw mismatch(name, value, 'List');
    this.#checkLength(name, listed(value), { length: value.length, minLength, maxLength });
    const strings = value.map((item: unknown) => asString(name, item));
    if (!strings.every((item) => fits(item, rules))) {
      this.#violate(name, listed(strings), `Member must satisfy constraint: [${lengthConstraints(rules)}]`);
    }
    return strings;
  }

  /** A required list of some of the values. */
  enums(name: string, lengths: LengthRules, values: readonly string[]): readonly string[] {
    const seen = this.strings(name, lengths, { minLength: 0, maxLength: Infinity });
    if (seen.every((each) => values.includes(each))) return seen;
    const constraint = `Member must satisfy enum value set: [${values.join(', ')}]`;
    this.#violate(name, listed(seen), `Member must satisfy constraint: [${constraint}]`);
    return [];
  }

  /** A required map of strings to strings. */
  stringMap(name: string, { minLength, maxLength }: LengthRules, rules: MapRules): ReadonlyMap<string, string> {
    const value = this.#value(name);
    if (value === undefined) {
      this.#violate(name, null, 'Member must not be null');
      return new Map();
    }
    if (!isStructure(value)) throw mismatch(name, value, 'Map');
    const entries = Object.entries(value).map(([key, item]): [string, string] => [key, asString(name, item)]);
    const seen = `{${entries.map(([key, item]) => `${key}=${item}`).join(', ')}}`;
    this.#checkLength(name, seen, { length: entries.length, minLength, maxLength });
    for (const [part, lengths] of [
      [0, rules.keys],
      [1, rules.values],
    ] as const) {
      if (entries.every((entry) => fits(entry[part], lengths))) continue;
      const which = part === 0 ? 'keys' : 'value';
      this.#violate(name, seen, `Map ${which} must satisfy constraint: [${lengthConstraints(lengths)}]`);
    }
    return new Map(entries);
  }

  /** @throws AwsError ValidationException that lists what was violated. */
  check(): void {
    const found = this.#violations.slice(0, MAX_VIOLATIONS);
    if (found.length === 0) return;
    const count = `${found.length} validation error${found.length > 1 ? 's' : ''}`;
    throw new AwsError('ValidationException', `${count} detected: ${found.join('; ')}`);
  }

  /** Null is the same as no member. */
  #value(name: string): unknown {
    return this.#fields[name] ?? undefined;
  }

  #checkLength(
    name: string,
    seen: string | undefined,
    {
      length,
      minLength = 0,
      maxLength = Infinity,
    }: { length: number; minLength?: number; maxLength?: number | undefined },
  ): void {
    if (length < minLength) this.#violate(name, seen, `Member must have length greater than or equal to ${minLength}`);
    if (length > maxLength) this.#violate(name, seen, `Member must have length less than or equal to ${maxLength}`);
  }

  /** @param seen `undefined` leaves the value out of the message, as AWS does with lists. */
  #violate(name: string, seen: string | number | null | undefined, constraint: string): void {
    const value = seen === undefined ? '' : seen === null ? ' null' : ` '${cut(String(seen))}'`;
    this.#violations.push(
      `Value${value} at '${this.#path}${lowerFirst(name)}' failed to satisfy constraint: ${constraint}`,
    );
  }
}

export function serializationException(message: string): AwsError {
  return new AwsError('SerializationException', message);
}

function isStructure(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Timestamp)
  );
}

function fromBase64(name: string, value: unknown): Uint8Array {
  if (typeof value !== 'string') throw mismatch(name, value, 'Blob');
  const bytes = Buffer.from(value, 'base64');
  // Node's decoder passes over what is not base64: only what encodes to the same text again was.
  if (bytes.toString('base64') === value) return bytes;
  throw serializationException(`'${cut(value)}' can not be converted to a Blob: it is not padded Base64`);
}

function asString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw mismatch(name, value, 'String');
  return value;
}

function fits(text: string, { minLength, maxLength }: LengthRules): boolean {
  const length = countCharacters(text);
  return length >= minLength && length <= maxLength;
}

function lengthConstraints({ minLength, maxLength }: LengthRules): string {
  return `Member must have length less than or equal to ${maxLength}, Member must have length greater than or equal to ${minLength}`;
}

function listed(items: readonly unknown[]): string {
  return `[${items.map(String).join(', ')}]`;
}

function mismatch(name: string, seen: unknown, expected: string): AwsError {
  const found = seen === null ? 'null' : Array.isArray(seen) ? 'list' : typeof seen;
  return serializationException(`${name || 'The request'}: ${found} can not be converted to ${expected}`);
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function cut(text: string): string {
  return text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)}…` : text;
}
