/** The same of certificate, backups, releases and checklist: what is not said is not known, and never called safe. */
import type { Unreadable, Unset, Upkeep } from "../../api/upkeep.ts";
import { counted } from "../../ui/words.ts";
import type { Verdict } from "./verdict.ts";

export function upkeepVerdicts({ certificate, backups, releases, checklist }: Upkeep): readonly Verdict[] {
  return [
    certificateVerdict(certificate),
    backupVerdict(backups),
    releaseVerdict(releases),
    checklistVerdict(checklist),
  ];
}

const to = "/admin/security/upkeep" as const;
const notKnown = (name: string, panel: Unset | Unreadable): Verdict =>
  panel.state === "unset"
    ? { name, to, state: "unknown", finding: "Not known here", todo: `Set ${panel.setting}` }
    : {
        name,
        to,
        state: "warn",
        finding: panel.problem.replace(/\.$/, ""),
        todo: "See to the file",
      };

function certificateVerdict(panel: Upkeep["certificate"]): Verdict {
  const name = "Certificate";
  if (panel.state !== "known") return notKnown(name, panel);
  const bad = panel.findings.filter(({ outcome }) => outcome === "fail");
  const finding =
    panel.days_left < 0
      ? "The certificate is over"
      : `The certificate lasts ${counted(panel.days_left, "day")}`;
  return bad.length === 0
    ? { name, to, state: "pass", finding }
    : {
        name,
        to,
        state: panel.days_left < 14 ? "fail" : "warn",
        finding,
        todo: bad[0]?.fix.replace(/\.$/, "") ?? "",
      };
}

function backupVerdict(panel: Upkeep["backups"]): Verdict {
  const name = "Backups";
  if (panel.state !== "known") return notKnown(name, panel);
  if (!panel.has_key)
    return {
      name,
      to,
      state: "unknown",
      finding: `${counted(panel.total, "backup")}, and no key to tell whether they are ours`,
      todo: "Set BACKUP_PUBLIC_KEY_FILE",
    };
  const hours = Math.floor((panel.age_seconds ?? 0) / 3600);
  if (panel.overdue)
    return {
      name,
      to,
      state: "fail",
      finding:
        panel.age_seconds === null
          ? "There is no backup that can be believed"
          : `The newest backup is ${counted(hours, "hour")} old`,
      todo: "Make one: aegis backup create",
    };
  return panel.problems > 0
    ? {
        name,
        to,
        state: "warn",
        finding: `${counted(panel.problems, "backup")} of ${panel.total} cannot be believed`,
        todo: "Look at them: aegis backup list",
      }
    : { name, to, state: "pass", finding: `The newest backup is ${counted(hours, "hour")} old` };
}

function releaseVerdict(panel: Upkeep["releases"]): Verdict {
  const name = "Releases";
  if (panel.state !== "known") return notKnown(name, panel);
  const [last] = panel.items;
  if (panel.under_way !== null)
    return {
      name,
      to,
      state: "warn",
      finding: `A ${panel.under_way.kind} to ${panel.under_way.to} is under way, or was interrupted`,
      todo: "See how it stands: aegis releases",
    };
  if (last === undefined) return { name, to, state: "unknown", finding: "Nothing was released yet" };
  if (last.outcome === "live")
    return { name, to, state: "pass", finding: `Release ${panel.current ?? last.id} is live` };
  return {
    name,
    to,
    state: last.outcome === "failed" ? "fail" : "warn",
    finding:
      last.outcome === "failed"
        ? `The ${last.kind} of ${last.id} failed`
        : `The ${last.kind} of ${last.id} was taken back`,
    todo: "Read why, mend it, and release again",
  };
}

function checklistVerdict(panel: Upkeep["checklist"]): Verdict {
  const name = "Checklist";
  if (panel.state !== "known") return notKnown(name, panel);
  const touched = panel.problems.find(({ kind }) => kind !== "key-unknown");
  if (touched !== undefined)
    return {
      name,
      to,
      state: "fail",
      finding: `The checklist is not what was signed: ${touched.detail}`,
      todo: "Find out who changed it",
    };
  if (panel.problems.length > 0)
    return {
      name,
      to,
      state: "unknown",
      finding: "The checklist is signed by a key that is not known here",
      todo: "Set CHECKLIST_PUBLIC_KEY_FILE",
    };
  return panel.complete
    ? { name, to, state: "pass", finding: "The checklist is done and signed off" }
    : {
        name,
        to,
        state: "warn",
        finding: `${panel.done} of ${panel.steps} steps of the checklist are done`,
        todo: "Do what is open, then have it approved",
      };
}
