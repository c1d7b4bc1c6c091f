/**
 * In memory the quarantine is a store of its own. On AWS it is a part of the bucket of what was not delivered: this puts
 * it there, object for object.
 */
import { createHash } from 'node:crypto';
import type { ArchivedObject, EventArchive, ListOptions, Quarantine, QuarantinedRecord } from '../../../core/ports.ts';
import { formatQuarantineKey } from '../../../core/quarantine-key.ts';
import { encodeQuarantined, QUARANTINE_PREFIX } from '../../../core/quarantine-object.ts';
import type { Bucket } from './bucket.ts';

/** Most bytes of records that a page of the quarantine reads. */
const MAX_PAGE_BYTES = 8 * 1_048_576;

type Page = Awaited<ReturnType<Bucket['list']>>;

export function undeliveredBucket(failures: EventArchive, quarantine: Quarantine): Bucket {
  return {
    async list(options) {
      return merge(await failures.list(options), await listQuarantine(quarantine, options), options.limit);
    },
    async get(key) {
      if (!key.startsWith(QUARANTINE_PREFIX)) return failures.get(key);
      const below = key.slice(QUARANTINE_PREFIX.length);
      const [found] = (await quarantine.list({ prefix: below, limit: 1 })).records;
      return found !== undefined && keyOf(found) === key ? encodeQuarantined(found) : failures.get(key);
    },
  };
}

async function listQuarantine(quarantine: Quarantine, options: ListOptions): Promise<Page> {
  const { prefix = '', after = '', limit } = options;
  // The start and the end of the quarantine decide whether any of it is in the range.
  const isInside = prefix.startsWith(QUARANTINE_PREFIX);
  if (!isInside && !QUARANTINE_PREFIX.startsWith(prefix)) return { objects: [], more: false };
  const isBehind = compareKeys(after, QUARANTINE_PREFIX) > 0 && !after.startsWith(QUARANTINE_PREFIX);
  if (isBehind) return { objects: [], more: false };
  const { records, more } = await quarantine.list({
    prefix: isInside ? prefix.slice(QUARANTINE_PREFIX.length) : '',
    after: after.startsWith(QUARANTINE_PREFIX) ? after.slice(QUARANTINE_PREFIX.length) : '',
    ...{ limit, maxBytes: MAX_PAGE_BYTES },
  });
  return { objects: records.map(describe), more };
}

function describe(quarantined: QuarantinedRecord): ArchivedObject {
  const body = encodeQuarantined(quarantined);
  return {
    key: keyOf(quarantined),
    size: body.length,
    modifiedAt: quarantined.quarantinedAt,
    etag: createHash('md5').update(body).digest('hex'),
  };
}

function keyOf({ record, copy }: QuarantinedRecord): string {
  return QUARANTINE_PREFIX + formatQuarantineKey(record, copy);
}

/** In order, up to the end of the page that ends first where more follows it. */
function merge(a: Page, b: Page, limit: number): Page {
  const ends = [a, b].flatMap(({ objects, more }) => (more ? [objects.at(-1)?.key ?? ''] : [])).sort(compareKeys);
  const [end] = ends;
  const all = [...a.objects, ...b.objects]
    .sort((one, other) => compareKeys(one.key, other.key))
    .filter(({ key }) => end === undefined || compareKeys(key, end) <= 0);
  return { objects: all.slice(0, limit), more: end !== undefined || all.length > limit };
}

/** By their UTF-8 bytes, as S3 does. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
