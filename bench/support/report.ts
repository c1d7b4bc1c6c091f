/** Answers as Markdown: for the terminal, and for `bench/results.md`. */
import { cpus, totalmem } from 'node:os';
import type { Answer, Finding, Question, Table } from '../question.ts';

/** The section of a question. @param stamp Where and when it was measured. */
export function formatSection({ title }: Question, answer: Answer, stamp: string): string {
  return [
    `## ${title}`,
    `_${stamp}_`,
    formatTable(findingsTable(answer.findings)),
    ...answer.tables.map((table) => `${table.caption}:\n\n${formatTable(table)}`),
    ...answer.notes.map((note) => `- ${note}`),
  ].join('\n\n');
}

/** Machine, Node and date. Nothing that tells one machine of a kind from another. */
export function formatStamp(now: Date): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${now.toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${memory} GiB`;
}

/**
 * Puts the sections of a run into the report in the order of the questions; those of other questions stay as they are.
 * @param report What the file holds; empty for none.
 */
export function mergeSections(
  report: string,
  sections: ReadonlyMap<Question, string>,
  order: readonly Question[],
): string {
  const [head = '', ...parts] = report.split(/^(?=## )/m);
  const kept = new Map(parts.map((part) => [part.slice(3, part.indexOf('\n')), part.trim()]));
  const all = order.flatMap((question) => sections.get(question) ?? kept.get(question.title) ?? []);
  return `${[head.trim() || '# Results', ...all].join('\n\n')}\n`;
}

function findingsTable(findings: readonly Finding[]): Table {
  return {
    caption: '',
    columns: ['', 'measured', 'target', ''],
    rows: findings.map(({ what, measured, target }) => [
      what,
      measured,
      target?.text ?? '',
      target === undefined ? '' : target.met ? 'met' : '**missed**',
    ]),
  };
}

function formatTable({ columns, rows }: Table): string {
  const lines = [columns, columns.map((_, index) => (index === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
