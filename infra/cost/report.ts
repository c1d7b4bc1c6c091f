/** An estimate as people read it. */
import { type CostLine, type Estimate, sum } from './estimate.ts';
import { METRIC_SOURCE, PRICES_DATE, type Price, prices } from './prices.ts';

export function formatReport({ lines, total, warnings, asIn2015 }: Estimate): string {
  return [
    `Estimate for a month, in US dollars, list prices of us-east-1 as of ${PRICES_DATE}, without free tiers:`,
    '',
    ...formatLines(lines, total),
    '',
    'The design of 2015 (an object per batch of 100, a metric call per 25 records), without its Lambda invocations:',
    '',
    ...formatLines(asIn2015, sum(asIn2015)),
    '',
    ...warnings.map((warning) => `! ${warning}`),
    'Left out: data transfer, queries, storage of earlier months. --prices lists the prices with their sources.',
    '',
  ].join('\n');
}

export function formatPrices(): string {
  const rows = Object.values<Price>(prices).map(
    ({ dollars, per, source }) => `$${dollars.toPrecision(6).padEnd(14)} per ${per}\n${' '.repeat(17)}${source}`,
  );
  return [`As of ${PRICES_DATE}, us-east-1:`, ...rows, `Custom metrics: ${METRIC_SOURCE}`, ''].join('\n');
}

function formatLines(lines: readonly CostLine[], total: number): string[] {
  const rows = lines.map(({ part, dollars, detail }) => `  ${part.padEnd(26)}${money(dollars)}  ${detail}`);
  return [...rows, `  ${'Sum'.padEnd(26)}${money(total)}`];
}

function money(dollars: number): string {
  return dollars.toFixed(2).padStart(12);
}
