/** A line of the archive, with its data as the text that the device wrote: parsing would round large numbers. */
export interface ArchivedLine {
  readonly sequenceNumber: string;
  readonly shardId: string;
  readonly partitionKey: string;
  readonly arrivedAt: string;
  readonly data?: string;
  /** base64 of what is not JSON. */
  readonly raw?: string;
}

/** `data` is the last member, and its name cannot stand unescaped in the strings in front of it. */
const dataMember = ',"data":';

export function parseArchivedLine(line: string): ArchivedLine {
  const at = line.indexOf(dataMember);
  const head = at === -1 ? line : `${line.slice(0, at)}}`;
  const fields = JSON.parse(head) as Omit<ArchivedLine, 'data'>;
  return at === -1 ? fields : { ...fields, data: line.slice(at + dataMember.length, -1) };
}
