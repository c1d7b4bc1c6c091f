/** The element that must be there. @throws Error where it is not: a bug, which must not turn into a wrong value. */
export function at<T>(list: readonly T[], index: number): T {
  if (index < 0 || index >= list.length) throw new Error(`there is no element ${index} of ${list.length}`);
  return list[index] as T;
}
