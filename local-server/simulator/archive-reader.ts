import { parseArchiveKey } from '../../core/archive-key.ts';
import { type ArchiveLine, parseArchiveLine } from '../../core/archive-line.ts';
import { compareSequenceNumbers } from '../../core/sequence-number.ts';
import { SimulationFailed } from './errors.ts';
import { get, type ServerAddress } from './http-client.ts';

const PAGE = 1_000;

/**
 * Lines of the archived objects of some days, read over HTTP and streamed: day by day in the order of the sequence numbers.
 * That of the keys is the same for Kinesis's numbers, but not for those of emulators, which begin at 1.
 *
 * @param dates `YYYY-MM-DD`.
 * @param wanted Whether an object that goes from the first to the last sequence number is to be read.
 */
export async function* readArchive(
  server: ServerAddress,
  dates: readonly string[],
  wanted: (first: string, last: string) => boolean,
): AsyncGenerator<ArchiveLine> {
  for (const date of dates) {
    const objects: { readonly key: string; readonly first: string }[] = [];
    for await (const key of listKeys(server, `${date}/`)) {
      const bounds = parseArchiveKey(key);
      if (bounds !== undefined && wanted(bounds.first, bounds.last)) objects.push({ key, first: bounds.first });
    }
    for (const { key } of objects.sort((a, b) => compareSequenceNumbers(a.first, b.first))) {
      const path = key.split('/').map(encodeURIComponent).join('/');
      const { body } = await get(server, `/archive/${path}`);
      if (body !== null) for await (const line of linesOf(body)) yield parseArchiveLine(line);
    }
  }
}

async function* listKeys(server: ServerAddress, prefix: string): AsyncGenerator<string> {
  let after = '';
  for (;;) {
    const query = new URLSearchParams({ prefix, limit: String(PAGE), ...(after === '' ? {} : { after }) });
    const path = `/archive?${query.toString()}`;
    const { objects } = (await (await get(server, path)).json()) as {
      readonly objects?: readonly { readonly key: string }[];
    };
    if (objects === undefined) throw new SimulationFailed(`GET ${path}: the answer has no "objects"`);
    for (const { key } of objects) yield key;
    const last = objects.at(-1);
    if (last === undefined) return;
    after = last.key;
  }
}

/** The largest record, 10 MiB, in base64 and with its envelope has less. */
const MAX_LINE_CHARACTERS = 32 * 1_048_576;

/** Split at line feeds only: `node:readline` splits at U+2028 too, which JSON may hold. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new SimulationFailed(`a line of the archive has more than ${MAX_LINE_CHARACTERS} characters`);
    }
    yield* lines;
  }
  if (rest !== '') yield rest;
}
