/** What Aegis is held to, computed from a run. Each figure is a ratio of processor time in the same rounds. */
import type { CaseName } from "./contract.ts";
import type { Samples } from "./rounds.ts";
import { ratios, type Spread, spread } from "./statistics.ts";

export interface Goal {
  readonly title: string;
  readonly figure: string;
  /** Undefined where the run holds nothing to compute it from. */
  readonly reached: (samples: Samples, key: string) => Spread | undefined;
  readonly isMet: (median: number) => boolean;
  readonly unit?: string;
}

/** How much faster `key` is than `base`: above 1 it needs less processor time for the same case. */
export const speed = (samples: Samples, key: string, base: string, name: CaseName): Spread | undefined =>
  ratios(
    (samples[base]?.[name] ?? []).map(({ cpu }) => cpu),
    (samples[key]?.[name] ?? []).map(({ cpu }) => cpu),
  );

/** Of a login: what the main thread does, relative to what the other threads do, which is the hash. */
export const beyondTheHash = (samples: Samples, key: string): Spread | undefined =>
  spread((samples[key]?.login ?? []).map(({ cpu, main }) => (main / (cpu - main)) * 100));

/** Of a server that never speaks to Redis, it says nothing that it speaks little. */
const usesRedis = (samples: Samples, key: string): boolean =>
  Object.values(samples[key] ?? {})
    .flat()
    .some(({ redis }) => redis > 0);

const atLeast = (title: string, least: number, base: string, name: CaseName): Goal => ({
  title,
  figure: `≥ ${least.toFixed(2)}`,
  reached: (samples, key) => speed(samples, key, base, name),
  isMet: (median) => median >= least,
});

export const goals: readonly Goal[] = [
  atLeast("GET, relative to bare Fastify", 0.75, "fastify", "get"),
  atLeast("GET, times as fast as the Express stack", 8, "express", "get"),
  atLeast("GET, times as fast as the Fastify plugins", 3.5, "plugins", "get"),
  atLeast("GET, times as fast as better-auth's", 7.5, "better-auth", "get"),
  atLeast("POST, relative to bare Fastify", 0.7, "fastify", "post"),
  atLeast("401, relative to bare Fastify", 0.8, "fastify", "401"),
  atLeast("403, relative to bare Fastify", 0.8, "fastify", "403"),
  atLeast("429, relative to bare Fastify", 0.8, "fastify", "429"),
  {
    title: "Redis round trips a GET",
    figure: "< 0.05",
    reached: (samples, key) =>
      usesRedis(samples, key) ? spread((samples[key]?.get ?? []).map(({ redis }) => redis)) : undefined,
    isMet: (median) => median < 0.05,
  },
  {
    title: "login, processor time beyond the hash",
    figure: "≤ 5 %",
    reached: beyondTheHash,
    isMet: (median) => median <= 5,
    unit: " %",
  },
];
