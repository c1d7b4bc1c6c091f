/** Addresses of views: `#/history?sensor=kitchen`. */

export const viewNames = ['devices', 'history', 'stream', 'archive', 'quarantine', 'metrics', 'lab'] as const;
export type ViewName = (typeof viewNames)[number];

export interface Route {
  readonly view: ViewName;
  readonly parameters: URLSearchParams;
}

export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  return {
    view: viewNames.find((name) => name === path) ?? 'devices',
    parameters: new URLSearchParams(query),
  };
}

/** Undoes `parseRoute`. Parameters that are undefined or empty are left out. */
export function formatRoute(view: ViewName, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value ?? []].flat()) if (each !== '') query.append(name, each);
  }
  const text = query.toString();
  return `#/${view}${text === '' ? '' : `?${text}`}`;
}
