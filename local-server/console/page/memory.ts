/** What a person must know of the memory of the server, in words. */
import { countOf, formatBytes } from './format.ts';
import type { MemoryState } from './wire.ts';

/** @returns Nothing while there is room and nothing was dropped. */
export function memoryWords(memory: MemoryState | undefined): string | undefined {
  if (memory === undefined) return undefined;
  const { state, reason, refusedPuts, usedBytes, limitBytes, trimmedBefore } = memory;
  const fill = `Its stores take ${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}.`;
  if (state === 'full') {
    const refused = `${countOf(refusedPuts, 'request')} refused so far.`;
    return `The server takes no more readings. ${reason ?? 'Its memory is full.'} ${fill} ${refused}`;
  }
  if (trimmedBefore !== undefined) {
    return `To make room, the server has dropped everything that arrived before ${trimmedBefore}. ${fill}`;
  }
  if (state === 'filling') return `The memory of the server is filling. ${fill}`;
  return undefined;
}
