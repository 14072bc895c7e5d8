/** Environment files and secrets in the repository: what `aegis check git` looks at. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PreflightSettings } from "aegis/preflight";
import { gitFindings } from "../preflight/git.ts";
import { oneLine } from "./one-line.ts";
import type { RuleText, ScanFinding } from "./rule.ts";

const rule = (id: string, claim: string, cwe: number, fix: string): RuleText => ({
  id,
  claim,
  cwe,
  asvs: "v5.0.0-13.3.1",
  severity: "high",
  advice: {
    symptom: "Whoever has the repository has the secret, also after the file was deleted.",
    cause: "It was committed, or nothing keeps it from being committed.",
    fix,
  },
});

export const GIT_RULES: readonly RuleText[] = [
  rule(
    "git.env",
    "No environment file is, or ever was, in the repository.",
    540,
    "Replace the secrets in it, then `git rm --cached .env`.",
  ),
  rule("git.ignored", "Git leaves environment files out.", 540, "Add `.env` and `.env.*` to .gitignore."),
  rule(
    "git.history",
    "No secret is in the history of the repository.",
    540,
    "Replace the secret where it is valid; note its mark under `preflight.git.reviewed` afterwards.",
  ),
];

export interface RepositoryLook {
  readonly findings: readonly ScanFinding[];
  readonly unchecked: readonly string[];
}

/** Nothing to look at where there is no repository. */
export async function lookAtRepository(folder: string, settings: PreflightSettings): Promise<RepositoryLook> {
  if (!isInRepository(folder)) return { findings: [], unchecked: [] };
  const found = await gitFindings({ folder, settings });
  return {
    findings: found
      .filter(({ outcome }) => outcome === "fail")
      .map(({ id, observed, subject }) => ({
        rule: id,
        severity: "high" as const,
        file: ".",
        line: 1,
        column: 1,
        observed: oneLine(subject === undefined ? observed : `${subject}: ${observed}`, 600),
        fingerprint: createHash("sha256")
          .update(`${id}\0${subject ?? ""}\0${observed}`)
          .digest("hex")
          .slice(0, 32),
        state: "open" as const,
      })),
    unchecked: found
      .filter(({ outcome }) => outcome === "unknown" || outcome === "error")
      .map(({ id, observed }) => `${id}: ${oneLine(observed, 600)}`),
  };
}

function isInRepository(folder: string): boolean {
  for (let one = folder; ; one = dirname(one)) {
    if (existsSync(join(one, ".git"))) return true;
    if (one === dirname(one)) return false;
  }
}
