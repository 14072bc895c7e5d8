/** The way back: a certificate that holds, a backup that is young, a release to return to. Pure. */
import { claimed, type Deployment, type PreflightFinding, quoted, run, type Seen } from "./finding.ts";

/** As "aegis/certs" finds it. */
export interface CertificateFact {
  readonly check: string;
  readonly outcome: "pass" | "fail" | "unknown";
  readonly observed: string;
  readonly fix: string;
}

export interface CertificateFacts {
  readonly file: string;
  readonly found: Seen<readonly CertificateFact[]>;
}

export function checkCertificates(files: readonly CertificateFacts[], isHttps: boolean): PreflightFinding[] {
  if (files.length === 0) {
    const named = claimed({ id: "certificate.named", claim: "The certificate is good." });
    return [
      isHttps
        ? named.unknown(
            "it is not said where the certificate lies",
            "Name it in aegis.config.ts: `preflight.certificates`.",
          )
        : named.notApplicable("PUBLIC_ORIGIN is not HTTPS"),
    ];
  }
  return files.flatMap(({ file, found }) => {
    if ("unseen" in found)
      return [
        claimed({ id: "certificate.read", claim: "The certificate can be read.", subject: file }).unknown(
          found.unseen,
          `See whether it is there, and who may read it: ${run(`ls -l ${quoted(file)}`)}`,
        ),
      ];
    return found.value.map((one) => {
      const what = claimed({
        id: `certificate.${one.check}`,
        claim: CLAIMS[one.check] ?? "The certificate is good.",
        subject: file,
      });
      if (one.outcome === "pass") return what.pass(one.observed);
      if (one.outcome === "unknown") return what.unknown(one.observed, one.fix);
      return what.fail(one.observed, {
        symptom: "Browsers and programs refuse the connection, or soon will.",
        cause: one.observed,
        fix: one.fix,
      });
    });
  });
}

const CLAIMS: Readonly<Record<string, string>> = {
  "days-left": "Enough days are left.",
  "already-valid": "The certificate is valid already.",
  names: "The certificate is good for the name.",
  "chain-order": "Each certificate was issued by the next.",
  "chain-complete": "The chain leads to an authority that is known.",
  strength: "Keys and signatures are strong.",
  "key-match": "The key is the certificate's.",
  "key-permissions": "Only its owner may read the key.",
  protocols: "TLS 1.2 and 1.3 alone are spoken.",
};

/** Before the first release nothing runs, and there is nothing to be backed up: the release makes the first backup. */
export const NOTHING_YET = "nothing was released here yet";

export interface BackupFacts {
  readonly directory: string;
  /** Looked at as a step of the first release. */
  readonly isFirst?: boolean;
  readonly maxAgeSeconds: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** When each was made; manifests that cannot be read are counted. */
  readonly backups: Seen<{
    readonly made: readonly { readonly id: string; readonly at: number }[];
    readonly broken: number;
  }>;
}

const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h`;

export function checkBackups(facts: BackupFacts | undefined): PreflightFinding[] {
  const young = claimed({
    id: "backup.age",
    claim: "There is a backup that is young enough.",
    ...(facts === undefined ? {} : { subject: facts.directory }),
  });
  if (facts === undefined)
    return [
      young.unknown(
        "it is not said where backups lie",
        "Set BACKUP_DIRECTORY, or name the folder in aegis.config.ts: `preflight.backups.directory`.",
      ),
    ];
  const { directory, maxAgeSeconds, now, backups } = facts;
  if ("unseen" in backups)
    return [young.unknown(backups.unseen, `See whether it is there: ${run(`ls -l ${quoted(directory)}`)}`)];
  const { made, broken } = backups.value;
  const last = made.toSorted((a, b) => b.at - a.at)[0];
  const more = broken === 0 ? "" : `; ${broken} without a manifest that can be read`;
  const advice = (cause: string) => ({
    symptom: "What goes wrong now cannot be undone, or only with the loss of what came since.",
    cause,
    fix: `Make one, and see that the timer runs: ${run("npx aegis backup create")} ${run("systemctl list-timers")}`,
  });
  if (last === undefined && facts.isFirst === true && broken === 0) return [young.notApplicable(NOTHING_YET)];
  if (last === undefined) return [young.fail(`no backup${more}`, advice("No backup was ever made here."))];
  const age = (now - last.at) / 1000;
  const observed = `${last.id}, ${hours(age)} old${more}`;
  if (age < -MAX_AHEAD_SECONDS)
    return [young.unknown(`${last.id} was made in the future: a clock is wrong`, run("timedatectl"))];
  return [
    age <= maxAgeSeconds
      ? young.pass(observed)
      : young.fail(observed, advice(`The newest backup is older than ${hours(maxAgeSeconds)}.`)),
  ];
}

const MAX_AHEAD_SECONDS = 300;

export interface ReleaseFacts {
  readonly directory: string;
  readonly found: Seen<{
    /** Names below releases/. */
    readonly releases: readonly string[];
    /** The one that `current` leads to: undefined where there is no such link, "" where it leads elsewhere. */
    readonly current: string | undefined;
    /** What releases.json says; undefined where nobody keeps one, and a folder is all that is known of a release. */
    readonly history:
      | {
          readonly lived: readonly string[];
          /** Where `aegis rollback` would go to. */
          readonly back: string | undefined;
        }
      | undefined;
    /** The release that a run puts in place, or was putting there when it was killed. */
    readonly underWay: string | undefined;
  }>;
  /** The release that this look is a step of. */
  readonly during: string | undefined;
}

/** DIR/releases/ID/, DIR/current, a link to one of them, and DIR/releases.json, which says which of them was ever live. */
export function checkRollback(facts: ReleaseFacts | undefined, where: Deployment): PreflightFinding[] {
  const there = claimed({
    id: "rollback.target",
    claim: "There is a release to go back to.",
    ...(facts === undefined ? {} : { subject: facts.directory }),
  });
  if (facts === undefined)
    return [
      there.unknown(
        "it is not said where releases lie",
        "Name the folder in aegis.config.ts: `preflight.releases`.",
      ),
    ];
  const { directory, found, during } = facts;
  if ("unseen" in found)
    return [there.unknown(found.unseen, `See whether it is there: ${run(`ls -l ${quoted(directory)}`)}`)];
  const { current, history, underWay } = found.value;
  if (underWay !== undefined && underWay !== during)
    return [
      there.unknown(
        `the release of ${underWay} is under way, or was interrupted`,
        `Wait for its end. If nobody releases, bring it to one: ${run(`npx aegis rollback --in ${quoted(directory)}`)}`,
      ),
    ];
  // A folder may hold what never held: what releases.json says was live counts, where there is one.
  const releases =
    history === undefined
      ? found.value.releases.filter((one) => one !== during)
      : found.value.releases.filter((one) => one === current || history.lived.includes(one));
  if (current === undefined)
    return [
      releases.length === 0
        ? there.notApplicable(NOTHING_YET)
        : there.fail(`${releases.length} releases, and no link current`, {
            symptom: "The server does not start after the next boot, and nobody knows which release runs.",
            cause: `${directory}/current is gone.`,
            fix: run(`ln -sfn releases/${releases.at(-1) ?? ""} ${quoted(`${directory}/current`)}`),
          }),
    ];
  if (!releases.includes(current))
    return [
      there.fail("current leads to nothing", {
        symptom: "The server does not start after the next boot.",
        cause: `The release that ${directory}/current leads to is not in ${directory}/releases.`,
        fix: `Link one that is there: ${run(`ln -sfn releases/${releases.at(-1) ?? "ID"} ${quoted(`${directory}/current`)}`)} ${run(where.restart)}`,
      }),
    ];
  if (during !== undefined) return [there.pass(`${current} runs; back to it when ${during} does not hold`)];
  const others = releases.filter((one) => one !== current).toSorted((a, b) => (a < b ? -1 : 1));
  const back = history === undefined ? others.at(-1) : history.back;
  return [
    back !== undefined
      ? there.pass(`${current} runs; back to ${back}`)
      : there.fail(`${current} is the only one`, {
          symptom: "When the next release fails, there is nothing to return to but this one.",
          cause: "Older releases were removed, or this is the first.",
          fix: "Keep the release before: it is what `npx aegis rollback` goes back to. After a first release, note that and go on.",
        }),
  ];
}
