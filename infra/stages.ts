import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Settings of a stage that are checked in. */
export function readStage(stage: string): string | undefined {
  const file = fileURLToPath(new URL(`stages/${stage}.json`, import.meta.url));
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
