/** Passwords known from breaches: sources to look them up in, and the corpus for a machine without a network. */
export { breachCheck, type BreachHooks, type BreachVerdict } from "./breach.ts";
export type { BreachAnswer, BreachSource } from "./checker.ts";
export { type Corpus, corpusSource, openCorpus } from "./corpus.ts";
export { buildCorpus, type BuildOptions, type BuildProgress, type BuildResult } from "./corpus-build.ts";
export type { ListFormat } from "./corpus-lines.ts";
export { CorpusError } from "./errors.ts";
export { type RangeOptions, rangeSource } from "./range.ts";
