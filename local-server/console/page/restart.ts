/** Whether the server was started anew between two looks: counts that only grow went back, or a shard is gone. */
export function isRestart(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean {
  return [...before].some(([shardId, put]) => (now.get(shardId) ?? 0) < put);
}
