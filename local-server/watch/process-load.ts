/** How busy and how full this process is, and a warning before its memory is full. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

export interface Load {
  readonly uptimeSeconds: number;
  readonly rssBytes: number;
  /** Garbage that is not collected yet counts too. */
  readonly heapUsedBytes: number;
  /** Where the process ends (`--max-old-space-size`). */
  readonly heapLimitBytes: number;
  /** How late the event loop was, in this minute or the last one before it. */
  readonly eventLoopDelayMillis: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface HeapUse {
  readonly used: number;
  readonly limit: number;
}

/** Node measures from one tick to the next, so that a loop that is never late shows this much. */
const RESOLUTION_MILLIS = 10;
const CHECK_MILLIS = 5_000;
const CHECKS_PER_WINDOW = 12;
/** V8 collects all garbage before it comes so far: what is left is in use. */
const WARN_AT = 0.8;
const WARN_AGAIN_BELOW = 0.7;

/** Whether to warn of this use. It is told once, and again only after the heap had room meanwhile. */
function isFilling({ used, limit }: HeapUse, wasFilling: boolean): boolean {
  return used > limit * (wasFilling ? WARN_AGAIN_BELOW : WARN_AT);
}

export class ProcessLoad {
  readonly #warn: (message: string) => void;
  readonly #heap: () => HeapUse;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
  #timer: NodeJS.Timeout | undefined;
  #checks = 0;
  #filling = false;

  constructor(warn: (message: string) => void, heap: () => HeapUse = heapUse) {
    this.#warn = warn;
    this.#heap = heap;
  }

  start(): void {
    this.#delay.enable();
    this.#timer = setInterval(() => this.check(), CHECK_MILLIS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  /** Called every five seconds. */
  check(): void {
    this.#checks += 1;
    if (this.#checks % CHECKS_PER_WINDOW === 0) this.#delay.reset();
    const heap = this.#heap();
    const filling = isFilling(heap, this.#filling);
    if (filling && !this.#filling) {
      this.#warn(
        `The heap is ${Math.round((heap.used / heap.limit) * 100)} % full (${mib(heap.used)} of ${mib(heap.limit)} MiB). The server ends when it is full, and everything in memory is lost. Restart it, give it more with NODE_OPTIONS=--max-old-space-size=N (MiB), or use --adapters aws.`,
      );
    }
    this.#filling = filling;
  }

  now(): Load {
    const { used, limit } = this.#heap();
    const millis = (nanos: number) =>
      Number.isFinite(nanos) ? Math.max(0, Math.round(nanos / 10_000) / 100 - RESOLUTION_MILLIS) : 0;
    return {
      uptimeSeconds: Math.round(process.uptime()),
      rssBytes: process.memoryUsage.rss(),
      heapUsedBytes: used,
      heapLimitBytes: limit,
      eventLoopDelayMillis: {
        p50: millis(this.#delay.percentile(50)),
        p99: millis(this.#delay.percentile(99)),
        max: millis(this.#delay.max),
      },
    };
  }
}

function heapUse(): HeapUse {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return { used, limit };
}

function mib(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}
