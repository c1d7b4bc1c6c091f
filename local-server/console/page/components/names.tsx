import { shortSequence, shortShard } from '../format.ts';

export function ShardName({ id }: { id: string }) {
  return <span title={id}>{shortShard(id)}</span>;
}

export function SequenceNumber({ number }: { number: string }) {
  return <code title={number}>{shortSequence(number)}</code>;
}
