import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileEventPattern } from '../../../core/event-source-mapping/event-pattern.ts';
import { InvalidRequest } from '../../../core/errors.ts';

type Case = readonly [pattern: unknown, event: unknown, matches: boolean];

/** LDG, "Filter rule syntax": each operator of the table, with a value that it lets through and others. */
const documented: readonly Case[] = [
  [{ UserID: [null] }, { UserID: null }, true],
  [{ UserID: [null] }, { UserID: 'null' }, false],
  [{ UserID: [null] }, {}, false],
  [{ LastName: [''] }, { LastName: '' }, true],
  [{ LastName: [''] }, { LastName: ' ' }, false],
  [{ Name: ['Alice'] }, { Name: 'Alice' }, true],
  [{ Name: ['Alice'] }, { Name: 'alice' }, false],
  [{ Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'ALICE' }, true],
  [{ Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'Alices' }, false],
  [{ Location: ['New York'], Day: ['Monday'] }, { Location: 'New York', Day: 'Monday' }, true],
  [{ Location: ['New York'], Day: ['Monday'] }, { Location: 'New York', Day: 'Sunday' }, false],
  [{ PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Debit' }, true],
  [{ PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Cash' }, false],
  [{ $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] }, { Location: 'Paris', Day: 'Monday' }, true],
  [{ $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] }, { Location: 'Paris', Day: 'Sunday' }, false],
  [{ Weather: [{ 'anything-but': ['Raining'] }] }, { Weather: 'Dry' }, true],
  [{ Weather: [{ 'anything-but': ['Raining'] }] }, { Weather: 'Raining' }, false],
  [{ Price: [{ numeric: ['=', 100] }] }, { Price: 100 }, true],
  [{ Price: [{ numeric: ['=', 100] }] }, { Price: '100' }, false],
  [{ Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, true],
  [{ Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 10 }, false],
  [{ ProductName: [{ exists: true }] }, { ProductName: null }, true],
  [{ ProductName: [{ exists: true }] }, { Product: 'x' }, false],
  [{ ProductName: [{ exists: false }] }, { Product: 'x' }, true],
  [{ ProductName: [{ exists: false }] }, { ProductName: '' }, false],
  [{ Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, true],
  [{ Region: [{ prefix: 'us-' }] }, { Region: 'eu-us-1' }, false],
  [{ FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, true],
  [{ FileName: [{ suffix: '.png' }] }, { FileName: 'a.png.bak' }, false],
  // "The Exists operator only works on leaf nodes": address is an object.
  [{ person: { address: [{ exists: true }] } }, { person: { address: { city: 'Anytown' } } }, false],
  [{ person: { address: { city: [{ exists: true }] } } }, { person: { address: { city: 'Anytown' } } }, true],
];

/** What EventBridge answered to TestEventPattern: facts of the cases named, localstack/localstack test_events_patterns. */
const recorded: readonly Case[] = [
  // arrays, arrays_NEG, arrays_empty_null_NEG, exists_list_empty_NEG
  [{ tags: ['b', 'z'] }, { tags: ['a', 'b'] }, true],
  [{ tags: ['z'] }, { tags: ['a', 'b'] }, false],
  [{ tags: [null] }, { tags: [] }, false],
  [{ tags: [{ exists: true }] }, { tags: [] }, false],
  [{ tags: [{ exists: false }] }, { tags: [] }, true],
  // list_within_dict
  [{ items: { id: [{ exists: true }] } }, { items: [{ other: 1 }, { id: 'x' }] }, true],
  // boolean, number_comparison_float, numeric-string_NEG, numeric-null_NEG
  [{ on: [false] }, { on: false }, true],
  [{ on: [false] }, { on: true }, false],
  [{ on: [false] }, { on: 'false' }, false],
  [{ n: [300] }, JSON.parse('{"n": 300.0}'), true],
  [{ n: [{ numeric: ['>', 100] }] }, { n: '300' }, false],
  [{ n: [{ numeric: ['>', 100] }] }, { n: null }, false],
  // content_anything_but_*: null is a value, what is absent is none, and numbers have no prefix
  [{ s: [{ 'anything-but': 'x' }] }, { s: null }, true],
  [{ s: [{ 'anything-but': 'x' }] }, {}, false],
  [{ s: [{ 'anything-but': [1, 2] }] }, { s: 2 }, false],
  [{ s: [{ 'anything-but': 0 }] }, { s: 7 }, true],
  [{ s: [{ 'anything-but': { prefix: 'init' } }] }, { s: 12 }, true],
  [{ s: [{ 'anything-but': { prefix: ['init', 'post'] } }] }, { s: 'post-init' }, false],
  [{ s: [{ 'anything-but': { suffix: '.txt' } }] }, { s: 'a.txt.bak' }, true],
  [{ s: [{ 'anything-but': { 'equals-ignore-case': ['stopped'] } }] }, { s: 'Stopped' }, false],
  // content_prefix_ignorecase, content_suffix_ignorecase, content_prefix_empty
  [{ s: [{ prefix: { 'equals-ignore-case': 'EventB' } }] }, { s: 'eVENTbridge' }, true],
  [{ s: [{ suffix: { 'equals-ignore-case': '.png' } }] }, { s: 'image.PNG' }, true],
  [{ s: [{ prefix: '' }] }, { s: 'any' }, true],
  // complex_or, complex_or_NEG
  [
    { d: { $or: [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { b: [{ numeric: ['<', 10] }] }] } },
    { d: { a: 0, b: 0 } },
    true,
  ],
  [
    { d: { $or: [{ a: [{ numeric: ['>', 0, '<=', 5] }] }, { b: [{ numeric: ['<', 10] }] }] } },
    { d: { a: 0, b: 10 } },
    false,
  ],
  // dot_joining_event(_NEG), dot_joining_pattern(_NEG)
  [{ state: { status: ['on'] } }, { 'state.status': 'on' }, true],
  [{ state: { status: ['on'] } }, { 'state.status': { status: 'on' } }, false],
  [{ 'state.status': ['on'] }, { state: { status: 'on' } }, true],
  [{ 'state.status': { status: ['on'] } }, { state: { status: 'on' } }, false],
  // or-exists-parent, or-exists
  [{ a: { b: [{ 'anything-but': ['rose'] }, { exists: false }] } }, { other: 1 }, true],
  [{ a: { b: [{ 'anything-but': ['rose'] }, { exists: false }] } }, { a: { b: 'rose' } }, false],
  // nested_json_NEG, key_case_sensitive_NEG
  [{ d: { k: ['v'] } }, { d: '{"k":"v"}' }, false],
  [{ K: ['v'] }, { k: 'v' }, false],
];

/** aws/event-ruler, README, "JSON Array Matching". */
const arrays: readonly Case[] = [
  [{ e: { first: ['Anna'], last: ['Smith'] } }, { e: [{ first: 'Anna', last: 'Smith' }] }, true],
  [
    { e: { first: ['Anna'], last: ['Jones'] } },
    {
      e: [
        { first: 'Anna', last: 'Smith' },
        { first: 'Peter', last: 'Jones' },
      ],
    },
    false,
  ],
  [
    { 'e.first': ['Anna'], e: { last: ['Jones'] } },
    {
      e: [
        { first: 'Anna', last: 'Smith' },
        { first: 'Peter', last: 'Jones' },
      ],
    },
    false,
  ],
  [{ e: { first: ['Anna'] } }, { e: [[{ first: 'John' }, { first: 'Anna' }], [{ first: 'Peter' }]] }, true],
  [{ e: { gone: [{ exists: false }] } }, { e: [{ first: 'Anna' }, { gone: 1 }] }, false],
];

test.each([...documented, ...recorded, ...arrays])('%j on %j: %j', (pattern, event, matches) => {
  expect(compileEventPattern(pattern)(event)).toBe(matches);
});

describe('an invalid pattern is refused, with the place', () => {
  test.each<readonly [unknown, string]>([
    ['text', '$: must be an object'],
    [['a'], '$: must be an object'],
    [null, '$: must be an object'],
    [{}, '$: must not be an empty object'],
    [{ a: {} }, '$.a: must not be an empty object'],
    [{ a: 42 }, '$.a: must be an object or an array'],
    [{ a: 'v' }, '$.a: must be an object or an array'],
    [{ a: [] }, '$.a: must not be an empty array'],
    [{ a: [[1]] }, '$.a[0]: must be text, a number'],
    [{ a: [{}] }, '$.a[0]: must have exactly one operator'],
    [{ a: [{ prefix: 'x', suffix: 'y' }] }, '$.a[0]: must have exactly one operator'],
    [{ a: [{ exists: false, prefix: 'x' }] }, '$.a[0]: must have exactly one operator'],
    [{ a: [{ EXISTS: true }] }, '$.a[0].EXISTS: is no operator'],
    [{ a: [{ exists: 'true' }] }, '$.a[0].exists: must be true or false'],
    [{ a: ['x', { prefix: 1 }] }, '$.a[1].prefix: must be text'],
    [{ a: [{ prefix: ['x'] }] }, '$.a[0].prefix: must be text'],
    [{ a: [{ suffix: { prefix: 'x' } }] }, '$.a[0].suffix: must be text or'],
    [{ a: [{ 'equals-ignore-case': ['x'] }] }, '$.a[0].equals-ignore-case: must be text'],
    [{ a: [{ 'anything-but': null }] }, '$.a[0].anything-but: must be text, a number'],
    [{ a: [{ 'anything-but': [] }] }, '$.a[0].anything-but: must not be an empty array'],
    [{ a: [{ 'anything-but': ['x', 1] }] }, '$.a[0].anything-but: must be text, a number'],
    [{ a: [{ 'anything-but': ['x', null] }] }, '$.a[0].anything-but: must be text, a number'],
    [{ a: [{ 'anything-but': { prefix: '' } }] }, '$.a[0].anything-but.prefix: must not be empty'],
    [{ a: [{ 'anything-but': { suffix: [1, 'x'] } }] }, '$.a[0].anything-but.suffix: must be text'],
    [{ a: [{ 'anything-but': { numeric: ['=', 1] } }] }, '$.a[0].anything-but.numeric: must be prefix'],
    [{ a: [{ numeric: 10 }] }, '$.a[0].numeric: must be a list'],
    [{ a: [{ numeric: ['>', 0, '<'] }] }, '$.a[0].numeric: must be a list'],
    [{ a: [{ numeric: ['>', '0'] }] }, '$.a[0].numeric: the value of > must be a number'],
    [{ a: [{ numeric: ['!=', 0] }] }, '$.a[0].numeric: "!=" is none of'],
    [{ a: [{ numeric: ['toString', 0] }] }, '$.a[0].numeric: "toString" is none of'],
    [{ a: [{ numeric: ['>', 0, '>', 0] }] }, '$.a[0].numeric: must name a lower bound'],
    [{ a: [{ numeric: ['<', 5, '>', 0] }] }, '$.a[0].numeric: must name a lower bound'],
    [{ a: [{ numeric: ['>', 5, '<', 5] }] }, '$.a[0].numeric: the lower bound must be less'],
    [{ a: [{ wildcard: 'x*' }] }, '$.a[0].wildcard: is an operator of EventBridge that Lambda does not list'],
    [{ a: [{ cidr: '10.0.0.0/8' }] }, '$.a[0].cidr: is an operator of EventBridge that Lambda does not list'],
    [{ $or: { a: [1] } }, '$.$or: must be an array of two or more objects'],
    [{ $or: [{ a: [1] }] }, '$.$or: must be an array of two or more objects'],
    [{ b: { $or: [{ a: [1] }, 5] } }, '$.b.$or[1]: must be an object'],
  ])('%j', (pattern, words) => {
    expect(() => compileEventPattern(pattern)).toThrow(InvalidRequest);
    expect(() => compileEventPattern(pattern)).toThrow(words);
  });
});

const name = fc.constantFrom('a', 'b', 'c', 'a.b');
const leaf = fc.oneof(
  fc.constantFrom('', 'x', 'xy', 'X', 'Straße', null, true, false),
  fc.integer({ min: -3, max: 3 }),
);

/** Patterns of exact values, and all that an event has at a path. */
const event = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, tie('object'), fc.array(tie('value'), { maxLength: 3 })),
  object: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
})).object;

/** All leaves with their paths, arrays left out: the form in which the guide explains matching. */
function leaves(value: unknown, path: string): { path: string; leaf: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((element) => leaves(element, path));
  if (typeof value !== 'object' || value === null) return [{ path, leaf: value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

test('a condition on one path holds exactly where one of the leaves at that path satisfies it', () => {
  const condition = fc.oneof(
    leaf.map((value) => [value, (seen: unknown) => seen === value] as const),
    fc
      .constantFrom('x', 'X')
      .map(
        (value) =>
          [{ prefix: value }, (seen: unknown) => String(seen).startsWith(value) && typeof seen === 'string'] as const,
      ),
    fc.constantFrom('x', 'y').map((value) => [{ 'anything-but': value }, (seen: unknown) => seen !== value] as const),
    fc
      .integer({ min: -2, max: 2 })
      .map(
        (value) => [{ numeric: ['>=', value] }, (seen: unknown) => typeof seen === 'number' && seen >= value] as const,
      ),
    fc.constant([{ exists: true }, () => true] as const),
  );
  fc.assert(
    fc.property(
      event,
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
      condition,
      (value, path, [rule, holds]) => {
        const joined = path.join('.');
        const here = leaves(value, '').filter((each) => each.path === joined);
        const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), [rule]);
        const expected = here.some((each) => holds(each.leaf));
        expect(compileEventPattern({ [joined]: [rule] })(value)).toBe(expected);
        expect(compileEventPattern(nested)(value)).toBe(expected);
        expect(compileEventPattern({ [joined]: [{ exists: false }] })(value)).toBe(here.length === 0);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('several filters in one pattern cost no more than their number: choices multiply nothing', () => {
  const choice = (n: number) => ({ $or: [{ [`a${n}`]: [1] }, { [`b${n}`]: [1] }] });
  const nested = Array.from({ length: 24 }, (_, n) => n).reduce<object>(
    (inner, n) => ({ [`l${n}`]: { ...choice(n), ...inner } }),
    { x: [1] },
  );
  const begin = performance.now();
  expect(compileEventPattern(nested)({})).toBe(false);
  expect(performance.now() - begin).toBeLessThan(500);
});
