import { setTimeout as pause } from 'node:timers/promises';

/** Asks again and again until it is so. The limit is for what never comes, not a measure of speed. */
export async function eventually(condition: () => boolean | Promise<boolean>, limitMillis = 30_000): Promise<void> {
  const end = Date.now() + limitMillis;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so after ${limitMillis} ms`);
    await pause(10);
  }
}
