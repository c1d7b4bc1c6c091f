/** The UTC days that keys begin with, found by jumping from day to day instead of listing every key. */

/** More days than this are not looked for. */
export const MAX_DAYS = 60;

/** @param firstKeyAfter The first key behind another one, if there is any. */
export async function findDays(
  firstKeyAfter: (after: string | undefined) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const days: string[] = [];
  let after: string | undefined;
  while (days.length < MAX_DAYS) {
    const key = await firstKeyAfter(after);
    const day = key === undefined ? undefined : /^\d{4}-\d\d-\d\d(?=\/)/.exec(key)?.[0];
    if (day === undefined) break;
    days.push(day);
    after = `${day}0`; // "0" is what follows "/": behind every key of the day, before every later day.
  }
  return days.reverse();
}
