/**
 * What ages beside the application: certificate, backups, releases, checklist. Each comes from a place that a setting
 * names, through the library's own readers; where none is named that is said, with the setting that would.
 */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { KeyRing, Policy } from "aegis";
import { headKeys } from "aegis/audit";
import { listBackups } from "aegis/backup";
import { certificateChecks, daysLeft, inspectCertificate, readCertificates } from "aegis/certs";
import { checklistKeys, MAX_RECORD_BYTES, stateOf, stepsOf, verifyRecord } from "aegis/checklist";
import { ReleaseFolder, releases } from "aegis/release";

/** Paths as the operator wrote them; undefined: not said. */
export interface SecurityPlaces {
  readonly proofsDirectory: string;
  readonly certificateFile: string | undefined;
  readonly backupDirectory: string | undefined;
  readonly backupPublicKeyFile: string | undefined;
  readonly releasesDirectory: string | undefined;
  readonly checklistFile: string | undefined;
  readonly checklistPublicKeyFile: string | undefined;
}

export interface UpkeepParts {
  readonly places: SecurityPlaces;
  readonly policy: Policy;
  readonly publicOrigin: string | undefined;
  readonly auditKeys: KeyRing | undefined;
  readonly now: () => number;
}

const MOST_ROWS = 10;
const MAX_KEY_BYTES = 16_384;

type Panel<T> =
  | { readonly state: "unset"; readonly setting: string }
  | { readonly state: "unreadable"; readonly problem: string }
  | ({ readonly state: "known" } & T);

async function panel<T extends object>(
  setting: string,
  place: string | undefined,
  read: (place: string) => Promise<T>,
): Promise<Panel<T>> {
  if (place === undefined) return { state: "unset", setting };
  try {
    return { state: "known", ...(await read(place)) };
  } catch (error) {
    return { state: "unreadable", problem: wordsOf(error, setting) };
  }
}

/** Errors of the library are written to be read; of the others only the code is, for their words hold paths. */
function wordsOf(error: unknown, setting: string): string {
  if (!(error instanceof Error)) return `${setting} cannot be read.`;
  if ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code))
    return `What ${setting} names cannot be read (${error.code}).`;
  return error.message.slice(0, 300);
}

export async function upkeepOf(parts: UpkeepParts) {
  const { places } = parts;
  const [certificate, backups, deployed, checklist] = await Promise.all([
    panel("CERTIFICATE_FILE", places.certificateFile, (file) => certificateOf(file, parts)),
    panel("BACKUP_DIRECTORY", places.backupDirectory, (folder) => backupsOf(folder, parts)),
    panel("RELEASES_DIRECTORY", places.releasesDirectory, releasesOf),
    panel("CHECKLIST_FILE", places.checklistFile, (file) => checklistOf(file, parts)),
  ]);
  return { certificate, backups, releases: deployed, checklist };
}

async function certificateOf(file: string, { publicOrigin, now }: UpkeepParts) {
  const chain = await readCertificates(file);
  const [own] = chain;
  if (own === undefined) throw new Error("The file holds no certificate.");
  const at = now();
  const findings = inspectCertificate({
    chain,
    authorities: [],
    names: publicOrigin === undefined ? [] : [new URL(publicOrigin).hostname],
    now: at,
  });
  return {
    days_left: Math.min(...chain.map((one) => daysLeft(one, at))),
    ends_at: own.validToDate.toISOString(),
    names: (own.subjectAltName ?? "").split(", ").filter(Boolean).slice(0, 50),
    issuer: own.issuer.replaceAll("\n", ", ").slice(0, 300),
    // Whether visitors know the authority is seen by looking at the host (aegis certs inspect), not in a file.
    findings: findings.filter(({ check }) => check !== "chain-complete" && certificateChecks.includes(check)),
  };
}

/** A public key (JWK): what is secret in a file that was named by mistake is left out by both readers. */
async function publicKeyIn(file: string | undefined): Promise<readonly unknown[]> {
  if (file === undefined) return [];
  if ((await stat(file)).size > MAX_KEY_BYTES) throw new Error("The file of the public key is too large.");
  try {
    return [JSON.parse(await readFile(file, "utf8"))];
  } catch (error) {
    throw error instanceof SyntaxError ? new Error("The file of the public key is no JSON.") : error;
  }
}

async function backupsOf(folder: string, { places, policy, now }: UpkeepParts) {
  const listed = await listBackups(folder, headKeys(await publicKeyIn(places.backupPublicKeyFile)));
  const newest = listed.find(({ manifest }) => manifest !== undefined)?.manifest;
  const age = newest === undefined ? null : Math.floor((now() - Date.parse(newest.created_at)) / 1000);
  return {
    total: listed.length,
    newest_at: newest?.created_at ?? null,
    age_seconds: age,
    max_age_seconds: policy.backup.maxAgeSeconds,
    schedule: policy.backup.schedule,
    overdue: age === null || age > policy.backup.maxAgeSeconds,
    has_key: places.backupPublicKeyFile !== undefined,
    problems: listed.filter(({ problem }) => problem !== undefined).length,
    items: listed.slice(0, MOST_ROWS).map(({ id, manifest, problem }) => ({
      id,
      created_at: manifest?.created_at ?? null,
      bytes: manifest?.parts.reduce((sum, { bytes }) => sum + bytes, 0) ?? null,
      parts: manifest?.parts.map(({ name }) => name) ?? [],
      problem: problem ?? null,
    })),
  };
}

async function releasesOf(folder: string) {
  const { current, journal, records } = await releases({ folder: new ReleaseFolder(resolve(folder)) });
  return {
    current: current ?? null,
    under_way: journal === undefined ? null : { kind: journal.kind, to: journal.to },
    total: records.length,
    items: records
      .toReversed()
      .slice(0, MOST_ROWS)
      .map(({ id, kind, version, commit, policy, from, startedAt, seconds, outcome, reason }) => ({
        id,
        kind,
        version,
        commit,
        policy,
        from,
        started_at: startedAt,
        seconds,
        outcome,
        reason,
      })),
  };
}

async function checklistOf(file: string, { places, auditKeys }: UpkeepParts) {
  if ((await stat(file)).size > MAX_RECORD_BYTES) throw new Error("The file is too large to be a record.");
  const own = auditKeys === undefined ? [] : auditKeys.keys.map(({ jwk }) => jwk);
  const keys = checklistKeys([...own, ...(await publicKeyIn(places.checklistPublicKeyFile))]);
  const { record, problems } = verifyRecord(await readFile(file, "utf8"), { keys });
  if (record === undefined) throw new Error(`It is no record of a checklist: ${problems[0]?.detail ?? ""}.`);
  const { started, sections, approvals, open, isComplete } = stateOf(record);
  const steps = sections.flatMap((section) => section.steps);
  return {
    application: started.application,
    origin: started.origin,
    policy: started.policy,
    started_at: started.at,
    last_at: record.entries.at(-1)?.record.at ?? started.at,
    complete: isComplete,
    steps: stepsOf(started.list).length,
    done: steps.filter(({ outcome }) => outcome === "pass" || outcome === "not-applicable").length,
    open: steps
      .filter(({ step }) => open.includes(step.id))
      .slice(0, 100)
      .map(({ step, outcome }) => ({ id: step.id, title: step.title, outcome })),
    approvals: approvals.map(({ role, last, stale }) => ({
      role,
      answer: last?.answer ?? null,
      by: last?.by ?? null,
      at: last?.at ?? null,
      note: last?.note ?? null,
      stale,
    })),
    problems: problems.slice(0, MOST_ROWS).map(({ kind, detail }) => ({ kind, detail })),
  };
}
