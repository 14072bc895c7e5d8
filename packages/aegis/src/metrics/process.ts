/** What this process says of itself: memory, processor, how late its event loop is. Looked at when somebody asks. */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { type Family, family, single } from "./families.ts";

/** A timer of its own in every process: 50 a second cost nothing that could be measured. */
const RESOLUTION_MS = 20;

export function processFigures() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  /** What it was late by since somebody asked last: the timer's own step is no delay. */
  const lateBy = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000) : 0;

  return {
    families(): readonly Family[] {
      const { heapUsed, rss, external } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      const { active, idle } = performance.eventLoopUtilization();
      const lateness = [
        ["0.5", delay.percentile(50)],
        ["0.99", delay.percentile(99)],
        ["1", delay.max],
      ] as const;
      const families = [
        family(
          "gauge",
          "aegis_event_loop_delay_seconds",
          "How late the event loop was since the last look.",
          lateness.map(([quantile, value]) => ({ labels: { quantile }, value: lateBy(value) })),
        ),
        family("counter", "aegis_event_loop_seconds_total", "Time of the event loop, at work and waiting.", [
          { labels: { state: "active" }, value: active / 1000 },
          { labels: { state: "idle" }, value: idle / 1000 },
        ]),
        family("gauge", "aegis_memory_bytes", "Memory of the process.", [
          { labels: { kind: "heap_used" }, value: heapUsed },
          { labels: { kind: "heap_limit" }, value: getHeapStatistics().heap_size_limit },
          { labels: { kind: "external" }, value: external },
          { labels: { kind: "resident" }, value: rss },
        ]),
        single("counter", "aegis_cpu_seconds_total", "Processor time of the process.", (user + system) / 1e6),
        single("gauge", "aegis_start_time_seconds", "When the process began.", performance.timeOrigin / 1000),
      ];
      delay.reset();
      return families;
    },
    close: (): void => void delay.disable(),
  };
}
