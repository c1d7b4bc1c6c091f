/** `npm run bench`: asks the questions, one after the other, so that none disturbs another. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Question } from './question.ts';
import { formatSection, formatStamp, mergeSections } from './support/report.ts';

const names = ['processor-cost', 'decoders', 'calls-and-cost', 'throughput', 'history', 'start-and-size', 'growth'];
const resultsFile = new URL('results.md', import.meta.url);

const HELP = `Usage: npm run bench -- [options] [question …]

Answers how fast and how frugal this is, as ratios against a peer or the physical limit, both measured in the same run.

  question      ${names.slice(0, 4).join(', ')},
                ${names.slice(4).join(', ')}; all if none is named
  --quick       less of everything, below a minute; writes no file
  --help        this text

A full run writes bench/results.md; of a single question only its section. Close what else keeps the machine busy.
`;

async function main(): Promise<void> {
  const { values, positionals } = parse();
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no question ${unknown}: choose of ${names.join(', ')}.`);

  const questions = await Promise.all(names.map(load));
  const asked = questions.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const sections = new Map<Question, string>();
  for (const question of asked) {
    process.stderr.write(`${question.name}\n`);
    const answer = await question.measure({ quick: values.quick }, (progress) =>
      process.stderr.write(`  ${progress}\n`),
    );
    const section = formatSection(question, answer, formatStamp(new Date()));
    process.stdout.write(`${section}\n\n`);
    sections.set(question, section);
    // After each, so that a run that is broken off has not measured in vain.
    if (!values.quick) await writeFile(resultsFile, mergeSections(await readResults(), sections, questions));
  }
}

function parse() {
  return parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
}

async function load(name: string): Promise<Question> {
  const { question } = (await import(`./${name}.ts`)) as { readonly question: Question };
  return question;
}

async function readResults(): Promise<string> {
  try {
    return await readFile(resultsFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

await main().catch((error: unknown) => {
  const mendable = error instanceof Error && (!('code' in error) || String(error.code).startsWith('ERR_PARSE_ARGS'));
  process.stderr.write(`${mendable ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
});
