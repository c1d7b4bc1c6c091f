/** Preloaded into a measured process: answers every message of its parent with what the process has used so far. */
export interface Usage {
  /** Resident now and at most, in bytes. */
  readonly rss: number;
  readonly peakRss: number;
  readonly heapUsed: number;
  /** Seconds of CPU, all threads. */
  readonly cpuSeconds: number;
}

process.on('message', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({
    rss,
    peakRss: maxRSS * 1_024,
    heapUsed,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  } satisfies Usage);
});
// It must not keep the process alive.
process.channel?.unref();
