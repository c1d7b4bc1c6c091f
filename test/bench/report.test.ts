import { describe, expect, test } from '@jest/globals';
import type { Answer, Question } from '../../bench/question.ts';
import { formatSection, formatStamp, mergeSections } from '../../bench/support/report.ts';

const nothing: Answer = { findings: [], tables: [], notes: [] };

function questionOf(title: string): Question {
  return { name: title.toLowerCase(), title, measure: () => Promise.resolve(nothing) };
}

const speed = questionOf('Speed');
const size = questionOf('Size');
const growth = questionOf('Growth');
const order = [speed, size, growth];

describe('the section of a question', () => {
  test('starts with the title, and where and when it was measured', () => {
    const section = formatSection(speed, nothing, 'today, here');

    expect(section).toMatch(/^## Speed\n\n_today, here_\n\n/);
  });

  test('says which target was met, which was missed, and nothing where there is none', () => {
    const findings = [
      { what: 'quick', measured: '1 ms', target: { text: '< 2 ms', met: true } },
      { what: 'slow', measured: '3 ms', target: { text: '< 2 ms', met: false } },
      { what: 'free', measured: '4 ms' },
    ];

    expect(formatSection(speed, { ...nothing, findings }, '').split('\n')).toEqual(
      expect.arrayContaining([
        '|  | measured | target |  |',
        '| --- | ---: | ---: | ---: |',
        '| quick | 1 ms | < 2 ms | met |',
        '| slow | 3 ms | < 2 ms | **missed** |',
        '| free | 4 ms |  |  |',
      ]),
    );
  });

  test('ends with its tables, each under its caption, and then the notes', () => {
    const tables = [
      { caption: 'First', columns: ['', 'a'], rows: [['row', '1']] },
      { caption: 'Second', columns: ['', 'b'], rows: [['row', '2']] },
    ];

    expect(formatSection(speed, { findings: [], tables, notes: ['one', 'two'] }, '')).toMatch(
      [
        'First:\n\n|  | a |\n| --- | ---: |\n| row | 1 |',
        'Second:\n\n|  | b |\n| --- | ---: |\n| row | 2 |',
        '- one',
        '- two',
      ].join('\n\n'),
    );
  });
});

test('the stamp tells the day, Node and the kind of machine', () => {
  const stamp = formatStamp(new Date('2026-03-04T23:59:59Z'));

  expect(stamp).toContain('2026-03-04');
  expect(stamp).toContain(`Node ${process.versions.node}`);
  expect(stamp).toMatch(/\d+ × .+, \d+ GiB$/);
});

describe('a report', () => {
  test('that is not there yet starts with a heading', () => {
    expect(mergeSections('', new Map([[speed, '## Speed\n\nfast']]), order)).toBe('# Results\n\n## Speed\n\nfast\n');
  });

  test('keeps its introduction and the sections of the questions that were not asked', () => {
    const report = '# Mine\n\nRead this first.\n\n## Speed\n\nfast\n\n### Detail\n\n## Growth\n\nlittle\n';

    expect(mergeSections(report, new Map([[size, '## Size\n\nsmall']]), order)).toBe(
      '# Mine\n\nRead this first.\n\n## Speed\n\nfast\n\n### Detail\n\n## Size\n\nsmall\n\n## Growth\n\nlittle\n',
    );
  });

  test('has only the latest section of a question that was asked again', () => {
    const report = '# Results\n\n## Speed\n\nfast\n\n## Size\n\nsmall\n';

    expect(mergeSections(report, new Map([[speed, '## Speed\n\nfaster']]), order)).toBe(
      '# Results\n\n## Speed\n\nfaster\n\n## Size\n\nsmall\n',
    );
  });

  test('is in the order of the questions, whatever was asked first', () => {
    const sections = new Map([growth, size].map((question) => [question, `## ${question.title}`]));

    expect(mergeSections('# Results\n\n## Speed\n', sections, order)).toBe(
      '# Results\n\n## Speed\n\n## Size\n\n## Growth\n',
    );
  });

  test('drops the section of a question that is no longer asked', () => {
    expect(mergeSections('# Results\n\n## Luck\n\ngood\n', new Map([[size, '## Size']]), order)).toBe(
      '# Results\n\n## Size\n',
    );
  });

  test('stays as it is when the same section is written again', () => {
    const sections = new Map([[size, formatSection(size, { ...nothing, notes: ['a note'] }, 'today')]]);
    const report = mergeSections('', sections, order);

    expect(mergeSections(report, sections, order)).toBe(report);
  });
});
