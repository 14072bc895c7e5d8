/** "aegis/preflight": whether everything is right on this machine, judged of facts that the caller gathers. */
import { isRecord } from "./lib/freeze.ts";
import { parseKey } from "./api-key/format.ts";
import { historyReader as historyReaderWith } from "./preflight/patterns.ts";
import { weaknessOf } from "./secret/strength.ts";

export {
  checkConfiguration,
  checkVariables,
  type ConfigurationFacts,
  type VariableFacts,
  type VariableNeed,
} from "./preflight/configuration.ts";
export { checkDatabaseFacts, checkRedis, type DatabaseFacts, type RedisFacts } from "./preflight/data.ts";
export { isNeeded } from "./render/env.ts";
export { problemOf } from "./secret/source.ts";
export { checkFiles, checkGit, type FileFacts, type GitFacts } from "./preflight/files.ts";
export {
  type Advice,
  type Deployment,
  type KnownCase,
  knownCases,
  type PreflightFinding,
  type Seen,
  seen,
  type Topic,
  topics,
  unseen,
} from "./preflight/finding.ts";
export {
  checkClock,
  checkDependencies,
  checkDisk,
  checkName,
  checkPorts,
  checkRuntime,
  type ClockFacts,
  type DependencyFacts,
  type DiskFacts,
  type InstalledPackage,
  type NameFacts,
  type PortFacts,
  type RuntimeFacts,
} from "./preflight/host.ts";
export { checkLive, type LiveAnswer, type LiveFacts, type LiveSignIn } from "./preflight/live.ts";
export type { HistoryHit } from "./preflight/patterns.ts";
export {
  type BackupFacts,
  type CertificateFact,
  type CertificateFacts,
  checkBackups,
  checkCertificates,
  checkRollback,
  NOTHING_YET,
  type ReleaseFacts,
} from "./preflight/recovery.ts";
export {
  parsePreflightSettings,
  preflightDefaults,
  PreflightError,
  type PreflightSettings,
} from "./preflight/settings.ts";

/** Reads `git log -p` for secrets; `reviewed`: marks of what somebody has looked at. */
export const historyReader = (reviewed: ReadonlySet<string>) =>
  historyReaderWith({ isApiKey: (text) => parseKey(text) !== undefined, weaknessOf }, reviewed);

/** The packages of a lock file (package-lock.json, node_modules/.package-lock.json), by folder; undefined where it is none. */
export function lockedPackages(data: unknown) {
  if (!isRecord(data) || !isRecord(data["packages"])) return undefined;
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return new Map(
    Object.entries(data["packages"])
      .filter(([folder]) => folder !== "")
      .map(([folder, value]) => {
        const { version, integrity, link, ...flags } = isRecord(value) ? value : {};
        const mayBeMissing =
          ["dev", "optional", "devOptional", "peer"].some((flag) => flags[flag] === true) ||
          !folder.includes("node_modules/"); // the folder of a workspace is there, or its link is no use
        return [
          folder,
          { version: link === true ? "link" : text(version), integrity: text(integrity), mayBeMissing },
        ] as const;
      }),
  );
}
