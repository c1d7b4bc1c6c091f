/** How much memory the stores may take where nobody says it. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** The young generation of the heap, and the server itself. */
const RESERVE_MIB = 256;
/** Of the rest: estimates are not exact, garbage waits to be collected, and each request needs some. */
const SHARE = 0.6;
const LEAST_MIB = 16;

export interface Machine {
  /** Where the process ends (`--max-old-space-size`). */
  readonly heapLimitMiB: number;
  /** What the machine has, or the container may take. Records and archived objects are not in the heap. */
  readonly memoryMiB: number;
}

export function defaultMemoryMiB({ heapLimitMiB, memoryMiB }: Machine = thisMachine()): number {
  const fromHeap = (heapLimitMiB - RESERVE_MIB) * SHARE;
  return Math.max(LEAST_MIB, Math.floor(Math.min(fromHeap, memoryMiB / 2)));
}

/** The stream's part of it, unless someone says another: AWS keeps records for a day and has no such bound. */
export function defaultRetentionMiB(memoryMiB: number): number {
  return Math.min(512, Math.max(1, Math.floor(memoryMiB / 4)));
}

function thisMachine(): Machine {
  const mebibytes = (bytes: number) => bytes / 1_048_576;
  return {
    heapLimitMiB: mebibytes(getHeapStatistics().heap_size_limit),
    memoryMiB: mebibytes(Math.min(totalmem(), process.constrainedMemory() || Infinity)),
  };
}
