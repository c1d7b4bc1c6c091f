/**
 * Event patterns: which JSON values a filter lets through. Lambda takes the syntax of Amazon EventBridge ("Control which
 * events Lambda sends to your function", LDG; "Comparison operators", EventBridge User Guide). The rules that the guides
 * leave open are those of EventBridge as recorded (localstack/localstack, tests/aws/services/events, validated on AWS)
 * and of the matcher that AWS publishes (aws/event-ruler):
 * - Operators look at leaves only: text, numbers, `true`, `false` and `null`. An object or an empty array is no leaf.
 * - In an array any element may match; conditions on several fields must hold in the same element.
 * - A name with dots and nested objects are the same path, in the pattern and in the event.
 * - `null` is a value: `anything-but` matches it. What is absent matches only `exists: false`.
 *
 * Chosen: numbers are compared as numbers, as EventBridge was recorded to do (300 matches 300.0). The guide of Lambda says
 * that they are compared as text. `wildcard` and `cidr` are refused: the guide does not name them among the operators
 * "available for Lambda event filtering".
 */
import { InvalidRequest } from '../errors.ts';

/** Whether a JSON value is let through. */
export type EventPattern = (event: unknown) => boolean;

type Leaf = string | number | boolean | null;
type LeafTest = (leaf: Leaf) => boolean;
type Json = Readonly<Record<string, unknown> & { exists?: unknown }>;

/** Conditions that must all hold for an object. */
interface Group {
  readonly fields: Map<string, Group | Rule>;
  /** Of each list at least one group must hold (`$or`). */
  readonly choices: Group[][];
}

/** Conditions on one leaf, of which one must hold. */
interface Rule {
  readonly tests: readonly LeafTest[];
  /** `exists: false` is among them; the path then tells where the leaf would be, from the root. */
  readonly absent?: readonly string[];
}

/** @param pattern Parsed JSON. @throws InvalidRequest with the path in the pattern and what is wrong there. */
export function compileEventPattern(pattern: unknown): EventPattern {
  const group = parseGroup(pattern, '$', []);
  return (event) => matchesGroup(group, event, event);
}

function parseGroup(pattern: unknown, place: string, path: readonly string[]): Group {
  if (!isObject(pattern)) throw new InvalidRequest(place, 'must be an object');
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new InvalidRequest(place, 'must not be an empty object');
  const group: Group = { fields: new Map(), choices: [] };
  for (const [name, value] of entries) {
    const here = `${place}.${name}`;
    if (name === '$or') group.choices.push(parseChoices(value, here, path));
    else addField(group, name.split('.'), value, here, path);
  }
  return group;
}

function addField(
  group: Group,
  [name = '', ...rest]: string[],
  value: unknown,
  place: string,
  path: readonly string[],
) {
  const at = [...path, name];
  if (rest.length === 0 && Array.isArray(value)) {
    group.fields.set(name, parseRule(value, place, at));
    return;
  }
  if (rest.length === 0 && !isObject(value)) throw new InvalidRequest(place, 'must be an object or an array');
  let inner: Group = { fields: new Map(), choices: [] };
  if (rest.length > 0) addField(inner, rest, value, place, at);
  else inner = parseGroup(value, place, at);
  const known = group.fields.get(name);
  // Two spellings of one path: both hold, and within one element of an array.
  if (known !== undefined && !('tests' in known)) merge(known, inner);
  else group.fields.set(name, inner);
}

function merge(into: Group, from: Group): void {
  for (const [name, value] of from.fields) {
    const known = into.fields.get(name);
    if (known !== undefined && !('tests' in known) && !('tests' in value)) merge(known, value);
    else into.fields.set(name, value);
  }
  into.choices.push(...from.choices);
}

function parseChoices(value: unknown, place: string, path: readonly string[]): Group[] {
  if (!Array.isArray(value) || value.length < 2) {
    throw new InvalidRequest(place, 'must be an array of two or more objects');
  }
  return value.map((choice: unknown, index) => parseGroup(choice, `${place}[${index}]`, path));
}

function parseRule(values: readonly unknown[], place: string, path: readonly string[]): Rule {
  if (values.length === 0) throw new InvalidRequest(place, 'must not be an empty array');
  const placed = values.map((value, index) => ({ value, here: `${place}[${index}]` }));
  const isAbsence = ({ value }: { readonly value: unknown }) => isObject(value) && value.exists === false;
  for (const { value, here } of placed.filter(isAbsence)) onlyOperator(value as Json, here);
  const tests = placed
    .filter((each) => !isAbsence(each))
    .map(({ value, here }) => (isObject(value) ? parseOperator(value, here) : equals(value, here)));
  return { tests, ...(placed.some(isAbsence) && { absent: path }) };
}

function equals(value: unknown, place: string): LeafTest {
  if (Array.isArray(value)) {
    throw new InvalidRequest(place, 'must be text, a number, true, false, null or an object with an operator');
  }
  return (leaf) => leaf === value;
}

function onlyOperator(value: Json, place: string): [string, unknown] {
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) throw new InvalidRequest(place, 'must have exactly one operator');
  return entry;
}

function parseOperator(value: Json, place: string): LeafTest {
  const [operator, operand] = onlyOperator(value, place);
  const here = `${place}.${operator}`;
  switch (operator) {
    case 'exists':
      if (operand !== true) throw new InvalidRequest(here, 'must be true or false');
      return () => true;
    case 'prefix':
    case 'suffix':
      return parseAffix(operator, operand, here);
    case 'equals-ignore-case':
      return textTest(operator, text(operand, here));
    case 'numeric':
      return parseNumeric(operand, here);
    case 'anything-but':
      return parseAnythingBut(operand, here);
    case 'wildcard':
    case 'cidr':
      throw new InvalidRequest(here, 'is an operator of EventBridge that Lambda does not list for event filtering');
    default:
      throw new InvalidRequest(here, `is no operator; there are ${operators}`);
  }
}

const operators = 'exists, prefix, suffix, equals-ignore-case, numeric and anything-but';

type TextOperator = 'prefix' | 'suffix' | 'equals-ignore-case';

/** Operators on text match text only. */
function textTest(operator: TextOperator, wanted: string): LeafTest {
  const folded = wanted.toLowerCase();
  const tests = {
    prefix: (leaf: string) => leaf.startsWith(wanted),
    suffix: (leaf: string) => leaf.endsWith(wanted),
    'equals-ignore-case': (leaf: string) => leaf.toLowerCase() === folded,
  };
  const test = tests[operator];
  return (leaf) => typeof leaf === 'string' && test(leaf);
}

function parseAffix(operator: 'prefix' | 'suffix', operand: unknown, place: string): LeafTest {
  if (!isObject(operand)) return textTest(operator, text(operand, place));
  const [inner, value] = onlyOperator(operand, place);
  if (inner !== 'equals-ignore-case') throw new InvalidRequest(place, 'must be text or {"equals-ignore-case": text}');
  const test = textTest(operator, text(value, `${place}.${inner}`).toLowerCase());
  return (leaf) => typeof leaf === 'string' && test(leaf.toLowerCase());
}

function parseAnythingBut(operand: unknown, place: string): LeafTest {
  if (isObject(operand)) {
    const [operator, value] = onlyOperator(operand, place);
    if (operator !== 'prefix' && operator !== 'suffix' && operator !== 'equals-ignore-case') {
      throw new InvalidRequest(`${place}.${operator}`, 'must be prefix, suffix or equals-ignore-case');
    }
    const here = `${place}.${operator}`;
    const tests = list(value, here).map((each) => {
      const wanted = text(each, here);
      if (wanted === '' && operator !== 'equals-ignore-case') throw new InvalidRequest(here, 'must not be empty text');
      return textTest(operator, wanted);
    });
    return (leaf) => !tests.some((test) => test(leaf));
  }
  const values = list(operand, place);
  const [type] = values.map((value) => typeof value);
  if ((type !== 'string' && type !== 'number') || values.some((value) => typeof value !== type)) {
    throw new InvalidRequest(place, 'must be text, a number, or a list of only texts or only numbers');
  }
  const excluded = new Set(values);
  return (leaf) => !excluded.has(leaf);
}

/** One value or a list of them that is not empty. */
function list(operand: unknown, place: string): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) throw new InvalidRequest(place, 'must not be an empty array');
  return values;
}

const comparisons = new Map<string, (leaf: number, bound: number) => boolean>([
  ['=', (leaf, bound) => leaf === bound],
  ['>', (leaf, bound) => leaf > bound],
  ['>=', (leaf, bound) => leaf >= bound],
  ['<', (leaf, bound) => leaf < bound],
  ['<=', (leaf, bound) => leaf <= bound],
]);

/** `[operator, number]`, or a range: a lower bound and then an upper one. */
function parseNumeric(operand: unknown, place: string): LeafTest {
  const parts: readonly unknown[] = Array.isArray(operand) ? operand : [];
  if (parts.length !== 2 && parts.length !== 4) {
    throw new InvalidRequest(place, 'must be a list such as ["=", 5], ["<", 10] or [">", 0, "<=", 5]');
  }
  const bounds = [parts.slice(0, 2), parts.slice(2)]
    .filter(({ length }) => length > 0)
    .map(([operator, bound]) => {
      const compare = typeof operator === 'string' ? comparisons.get(operator) : undefined;
      if (compare === undefined) throw new InvalidRequest(place, `${JSON.stringify(operator)} is none of = > >= < <=`);
      if (typeof bound !== 'number')
        throw new InvalidRequest(place, `the value of ${String(operator)} must be a number`);
      return { operator: String(operator), compare, bound };
    });
  const [lower, upper] = bounds;
  if (lower !== undefined && upper !== undefined) {
    if (!lower.operator.startsWith('>') || !upper.operator.startsWith('<')) {
      throw new InvalidRequest(place, 'must name a lower bound (> or >=) and then an upper one (< or <=)');
    }
    if (lower.bound >= upper.bound) throw new InvalidRequest(place, 'the lower bound must be less than the upper one');
  }
  return (leaf) => typeof leaf === 'number' && bounds.every(({ compare, bound }) => compare(leaf, bound));
}

function text(value: unknown, place: string): string {
  if (typeof value !== 'string') throw new InvalidRequest(place, 'must be text');
  return value;
}

function matchesGroup(group: Group, value: unknown, root: unknown): boolean {
  if (Array.isArray(value)) {
    const inner = value.filter((element) => typeof element === 'object' && element !== null);
    if (inner.length > 0) return inner.some((element) => matchesGroup(group, element, root));
  }
  for (const [name, condition] of group.fields) {
    const values = lookUp(value, name);
    const holds =
      'tests' in condition
        ? matchesRule(condition, values, root)
        : values.length === 0
          ? matchesGroup(condition, undefined, root)
          : values.some((each) => matchesGroup(condition, each, root));
    if (!holds) return false;
  }
  return group.choices.every((groups) => groups.some((choice) => matchesGroup(choice, value, root)));
}

function matchesRule({ tests, absent }: Rule, values: readonly unknown[], root: unknown): boolean {
  if (values.some((value) => someLeaf(value, (leaf) => tests.some((test) => test(leaf))))) return true;
  return absent !== undefined && !hasLeaf(root, absent);
}

function someLeaf(value: unknown, test: LeafTest): boolean {
  if (Array.isArray(value)) return value.some((element) => someLeaf(element, test));
  return isLeaf(value) && test(value);
}

/** Whether a leaf is at the path, in whatever elements of arrays. */
function hasLeaf(value: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return someLeaf(value, () => true);
  if (Array.isArray(value)) return value.some((element) => hasLeaf(element, path));
  return lookUp(value, name).some((each) => hasLeaf(each, rest));
}

/** What an object has under a name, also as the first part of a name with dots. */
function lookUp(value: unknown, name: string): readonly unknown[] {
  if (!isObject(value)) return [];
  const found: unknown[] = Object.hasOwn(value, name) ? [value[name]] : [];
  for (const key of Object.keys(value)) {
    if (key.length > name.length && key.startsWith(name) && key[name.length] === '.') {
      found.push({ [key.slice(name.length + 1)]: value[key] });
    }
  }
  return found;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLeaf(value: unknown): value is Leaf {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
