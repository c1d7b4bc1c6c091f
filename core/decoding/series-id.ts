/** The id of a sensor that has a name and tags, as InfluxDB names a series: the same tags in any order are the same sensor. */
export function seriesId(name: string, tags: readonly (readonly [name: string, value: unknown])[]): string {
  const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return [name, ...sorted.map(([tag, value]) => `${tag}=${String(value)}`)].join(',');
}
