/** A reader of shards whose failures are told: a consumer that cannot read looks idle otherwise. */
import type { ShardReader } from '../../core/ports.ts';
import type { Problems } from './problems.ts';

export function watchedReader(reader: ShardReader, problems: Problems): ShardReader {
  async function watch<Result>(what: string, work: Promise<Result>): Promise<Result> {
    try {
      const result = await work;
      problems.over(what);
      return result;
    } catch (error) {
      problems.met(what, error);
      throw error;
    }
  }
  return {
    listShards: () => watch('shards', reader.listShards()),
    read: (shardId, position, limit) => watch(`reading ${shardId}`, reader.read(shardId, position, limit)),
    backlog: (shardId, position) => reader.backlog(shardId, position),
  };
}
