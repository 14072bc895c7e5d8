/** Who may read secrets: modes of files, and what a repository gives away. Pure. */
import { claimed, type PreflightFinding, quoted, run, type Seen } from "./finding.ts";
import type { HistoryHit } from "./patterns.ts";

export interface FileFacts {
  readonly path: string;
  /** Permission bits, and whether the folder lets anybody put another file in its place. */
  readonly mode: Seen<{ readonly bits: number; readonly folderOpen: boolean }>;
}

export function checkFiles(files: readonly FileFacts[]): PreflightFinding[] {
  if (files.length === 0)
    return [
      claimed({
        id: "files.private",
        claim: "Nobody but its owner can read a file of secrets.",
      }).notApplicable("no file of secrets is named"),
    ];
  return files.map(({ path, mode }) => {
    const shut = claimed({
      id: "files.private",
      claim: "Nobody but its owner can read or replace it.",
      subject: path,
    });
    if ("unseen" in mode)
      return shut.unknown(mode.unseen, `See whether it is there: ${run(`ls -l ${quoted(path)}`)}`);
    const { bits, folderOpen } = mode.value;
    const octal = `mode ${bits.toString(8).padStart(4, "0")}`;
    if ((bits & 0o077) === 0 && !folderOpen) return shut.pass(octal);
    return shut.fail(folderOpen ? `${octal}, in a folder that anybody may write to` : octal, {
      symptom: "None, until another user or program of this machine reads it.",
      cause:
        (bits & 0o077) === 0
          ? "Anybody can put another file in its place."
          : "Its mode lets others read or write it.",
      fix: [
        ...((bits & 0o077) === 0 ? [] : [run(`chmod 600 ${quoted(path)}`)]),
        ...(folderOpen ? [run(`chmod o-w "$(dirname ${quoted(path)})"`)] : []),
      ].join(" "),
    });
  });
}

export interface GitFacts {
  /** Files named like an environment file: those that are in the tree, and those that ever were. */
  readonly envTracked: readonly string[];
  readonly envInHistory: readonly string[];
  /** Names that git would take in. */
  readonly notIgnored: readonly string[];
  readonly history: {
    readonly hits: readonly HistoryHit[];
    readonly commits: number;
    /** Why not all of it was looked at. */
    readonly cutBy: string | undefined;
  };
}

const SHOWN = 5;
const listed = (all: readonly string[]): string =>
  `${all.slice(0, SHOWN).join(", ")}${all.length > SHOWN ? `, and ${all.length - SHOWN} more` : ""}`;

export function checkGit(git: Seen<GitFacts>): PreflightFinding[] {
  const outside = claimed({
    id: "git.env",
    claim: "No environment file is, or ever was, in the repository.",
  });
  const ignored = claimed({ id: "git.ignored", claim: "Git leaves environment files out." });
  const clean = claimed({ id: "git.history", claim: "No secret is in the history of the repository." });
  if ("unseen" in git)
    return [outside, ignored, clean].map((one) =>
      one.unknown(git.unseen, "Run this in a clone of the repository, with its whole history."),
    );
  const { envTracked, envInHistory, notIgnored, history } = git.value;
  const symptom = "Whoever has the repository, or ever had it, has the secrets.";
  const gone = envInHistory.filter((path) => !envTracked.includes(path));
  return [
    envTracked.length > 0
      ? outside.fail(`in the tree: ${listed(envTracked)}`, {
          symptom,
          cause: "An environment file was committed.",
          fix: `${run(`git rm --cached ${envTracked.map(quoted).join(" ")}`)} Commit that, and give every secret in it a new value: the old ones stay in the history.`,
        })
      : gone.length > 0
        ? outside.fail(`in the history: ${listed(gone)}`, {
            symptom,
            cause: "An environment file was committed once, and removed.",
            fix: `Give every secret that was in it a new value. See what there was: ${run(`git log --all -p -- ${gone.map(quoted).join(" ")}`)} Rewrite the history to be rid of it (\`git filter-repo --invert-paths --path NAME\`), in every clone.`,
          })
        : outside.pass("none"),
    notIgnored.length === 0
      ? ignored.pass("they are ignored")
      : ignored.fail(`would be taken in: ${listed(notIgnored)}`, {
          symptom: "None, until somebody commits everything there is.",
          cause: ".gitignore has no row for them.",
          fix: run(`printf '%s\\n' ${notIgnored.map(quoted).join(" ")} >> .gitignore`),
        }),
    history.hits.length > 0
      ? clean.fail(
          listed(
            history.hits.map(
              ({ kind, path, commit, mark }) => `${kind} in ${path} (${commit}, mark ${mark})`,
            ),
          ),
          {
            symptom,
            cause: "A secret was committed. Taking it out later does not take it out of the history.",
            fix: "Give each of them a new value now; then rewrite the history (`git filter-repo --replace-text FILE`). One that never was a secret (a test's): put its mark into `preflight.git.reviewed` of aegis.config.ts.",
          },
        )
      : history.cutBy === undefined
        ? clean.pass(`${history.commits} commits looked at`)
        : clean.unknown(
            `nothing in the ${history.commits} newest commits; then ${history.cutBy}`,
            "Raise `preflight.git.maxBytes` or `preflight.git.seconds` of aegis.config.ts.",
          ),
  ];
}
