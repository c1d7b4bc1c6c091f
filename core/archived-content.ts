/** What an object is, told by its key: the metadata of S3, which nobody else keeps. */

export interface ArchivedContent {
  readonly contentType: string;
  readonly contentEncoding?: string;
}

/** @returns `undefined` for keys that the project does not make. */
export function archivedContent(key: string): ArchivedContent | undefined {
  if (key.endsWith('.ndjson.gz')) return { contentType: 'application/x-ndjson', contentEncoding: 'gzip' };
  if (key.endsWith('.json')) return { contentType: 'application/json' };
  return undefined;
}
