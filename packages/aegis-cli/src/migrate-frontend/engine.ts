/** Sources in, edits and findings out. Reads no file, writes none and runs nothing of what it is given. */
import type { Node } from "oxc-parser";
import { isBuilt, isTestFile } from "../source/kinds.ts";
import { lineStarts, placeOf } from "../source/place.ts";
import { type Module, parseModule, parseTree, UnparsableError } from "../source/parse.ts";
import { Project } from "../source/project.ts";
import { findAxios } from "./axios.ts";
import { applied, type Edit, lineStart, ordered, OverlapError } from "./edits.ts";
import { findFetch } from "./fetch.ts";
import type { Finding, MigrateOptions, Run, Work } from "./finding.ts";
import { findIdentity } from "./identity.ts";
import { editsOfInsertion } from "./insertions.ts";
import { findMentions, mentionsOf } from "./mentions.ts";
import { editsOfRemovals } from "./removals.ts";
import { findWrappers } from "./wrappers.ts";
import { findXhr } from "./xhr.ts";

export const IDENTITY_HEADERS = ["x-customer-id", "x-user-id", "x-tenant-id"];

export interface Change {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly edits: readonly Edit[];
}

export interface Migration {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
}

interface FileWork extends Work {
  readonly found: Finding[];
  readonly seen: Set<Node>;
}

/** One with a rule and a date speaks to `aegis scan`. */
const IGNORE = /\baegis-ignore\b(?!\s+[\w-]+\s+until\b)/;

/** Paths are relative and have "/"; texts keep their byte order mark and line ends. */
export function migrate(sources: ReadonlyMap<string, string>, options: MigrateOptions): Migration {
  const findings: Finding[] = [];
  const modules = new Map<string, Module>();
  for (const [path, text] of sources) {
    const fail = (what: string): void => void findings.push(fileFinding(path, what));
    if (isBuilt(path, text)) {
      const name = mentionsOf(options).exec(text)?.[0];
      if (name !== undefined) fail(`a built file that has ${name}: change its source and build it again`);
      continue;
    }
    try {
      modules.set(path, parseModule(path, text));
    } catch (error) {
      if (!(error instanceof UnparsableError)) throw error;
      fail(`cannot be parsed: ${error.message}`);
    }
  }
  const project = new Project(modules);
  const works = new Map<Module, FileWork>();
  for (const module of modules.values()) works.set(module, fileWork(project, module, options));
  const workOf = (module: Module): FileWork => {
    const work = works.get(module);
    if (work === undefined) throw new Error(`${module.path} is not of this run.`);
    return work;
  };
  const run: Run = { project, options, workOf };
  findAxios(run);
  for (const module of modules.values()) {
    const work = workOf(module);
    if (!work.isTest) {
      findFetch(run, module, quoteOf(module));
      findXhr(run, module);
      findWrappers(run, module);
    }
    findIdentity(run, module);
    findMentions(run, module, work.seen);
  }
  const changes: Change[] = [];
  for (const work of works.values()) {
    const change = changeOf(work, findings);
    if (change !== undefined) changes.push(change);
  }
  return { changes, findings: sorted(findings) };
}

function fileWork(project: Project, module: Module, options: MigrateOptions): FileWork {
  const starts = lineStarts(module.text);
  const isTest = isTestFile(module.path);
  const ignored = new Set(
    module.comments
      .filter(({ value }) => IGNORE.test(value))
      .flatMap(({ start, end }) => {
        const lines = [placeOf(starts, start).line];
        // On a line of its own it speaks of the next.
        if (module.text.slice(lineStart(module.text, start), start).trim() === "")
          lines.push(placeOf(starts, end).line + 1);
        return lines;
      }),
  );
  const isIgnored = (node: Node): boolean => ignored.has(placeOf(starts, node.start).line);
  const found: Finding[] = [];
  const seen = new Set<Node>();
  return {
    project,
    module,
    options,
    isTest,
    isIgnored,
    removals: new Set(),
    insertions: [],
    found,
    seen,
    report: (node, { rule, what, confidence, note }) => {
      if (rule === "identity-header") seen.add(node);
      // A test has no cookies to send.
      if (isIgnored(node) || (isTest && rule !== "identity-header")) return;
      const { line, column } = placeOf(starts, node.start);
      if (found.some((one) => one.line === line && one.column === column && one.what === what)) return;
      const action = note === true ? "note" : confidence === "manual" ? "review" : "rewrite";
      found.push({ file: module.path, line, column, rule, what, confidence, action });
    },
  };
}

/** The file's edits; where they cannot be made safely, its findings are left to a person. */
function changeOf(
  { module, removals, insertions, found, isTest }: FileWork,
  findings: Finding[],
): Change | undefined {
  const { path, text } = module;
  const leave = (why: string): undefined => {
    findings.push(
      ...found.map((one) =>
        one.action === "rewrite" ? { ...one, action: "review" as const, confidence: "manual" as const } : one,
      ),
      fileFinding(path, why),
    );
    return undefined;
  };
  try {
    const edits = ordered([
      ...editsOfRemovals(module, removals),
      ...(isTest ? [] : insertions.flatMap((one) => editsOfInsertion(module, one))),
    ]);
    if (edits.length === 0) {
      findings.push(...found);
      return undefined;
    }
    const after = applied(text, edits);
    // What no longer parses is never written.
    parseTree(path, after);
    findings.push(...found);
    return { path, before: text, after, edits };
  } catch (error) {
    if (error instanceof OverlapError || error instanceof UnparsableError)
      return leave(`is left as it is: ${error.message}`);
    throw error;
  }
}

export const fileFinding = (file: string, what: string): Finding => ({
  file,
  line: 1,
  column: 1,
  rule: "file",
  what,
  confidence: "manual",
  action: "review",
});

export const sorted = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );

/** The quotes that the file likes. */
function quoteOf(module: Module): string {
  let single = 0;
  for (const node of module.nodes)
    if (node.type === "Literal" && typeof node.value === "string")
      single += node.raw?.startsWith("'") ? 1 : -1;
  return single > 0 ? "'" : '"';
}
