/** `aegis/release`: puts a release in place of another, and goes back by itself when it does not hold. */
export { ReleaseFolder } from "./files.ts";
export { type Journal, type ReleaseRecord, wayBack } from "./journal.ts";
export { takeLock } from "./lock.ts";
export { type ReleasePorts, systemPorts } from "./ports.ts";
export { type Deployment, type Ended, type NewRelease, release, releases, rollback } from "./release.ts";
export type { RunResult } from "./runner.ts";
export { parseReleaseSettings, ReleaseError, type ReleaseSettings } from "./settings.ts";
