/** Sources in, findings out. Reads no file and runs nothing of what it is given. */
import { createHash } from "node:crypto";
import { extname } from "node:path";
import type { Node } from "oxc-parser";
import { type Module, parseModule, SOURCE_EXTENSIONS, UnparsableError } from "../source/parse.ts";
import { Project } from "../source/project.ts";
import { type Comment, SUPPRESSION, suppressionsOf } from "./suppressions.ts";
import { Flow } from "./flow.ts";
import { lineStarts, placeOf } from "../source/place.ts";
import { oneLine } from "./one-line.ts";
import type { Rule, RuleText, ScanFinding, Scene, State } from "./rule.ts";
import { RULES } from "./rules/index.ts";

export interface Unread {
  readonly path: string;
  readonly why: string;
}

export interface Scan {
  readonly findings: readonly ScanFinding[];
  readonly unread: readonly Unread[];
}

export const ALL_RULES: readonly RuleText[] = [...RULES, SUPPRESSION];
const IDS = new Set(ALL_RULES.map(({ id }) => id));
/** A file that has more is generated, or made to fill reports. */
const MAX_FINDINGS_PER_FILE = 500;

interface Hit {
  readonly rule: RuleText;
  readonly start: number;
  readonly observed: string;
  readonly key: string;
}

/** Paths are relative and have "/". */
export function scan(sources: ReadonlyMap<string, string>, now: Date, rules: readonly Rule[] = RULES): Scan {
  const modules = new Map<string, Module>();
  const unread: Unread[] = [];
  for (const [path, text] of sources) {
    if (!SOURCE_EXTENSIONS.includes(extname(path))) continue;
    try {
      modules.set(path, parseModule(path, text));
    } catch (error) {
      if (!(error instanceof UnparsableError)) throw error;
      unread.push({ path, why: `it cannot be parsed: ${error.message}` });
    }
  }
  const project = new Project(modules);
  const flow = new Flow(project);
  const byType = new Map<string, Rule[]>();
  for (const rule of rules) for (const type of rule.of) byType.set(type, [...(byType.get(type) ?? []), rule]);
  const findings: ScanFinding[] = [];
  for (const [path, text] of sources) {
    const module = modules.get(path);
    const hits: Hit[] = [];
    const seen = new Set<string>();
    const add = (rule: RuleText, start: number, observed: string, key: string): void => {
      const place = `${rule.id} ${start}`;
      if (seen.has(place) || hits.length >= MAX_FINDINGS_PER_FILE) return;
      seen.add(place);
      hits.push({ rule, start, observed: oneLine(observed), key });
    };
    if (module !== undefined) inModule(module, { project, flow, byType, add });
    for (const rule of rules)
      for (const { start, end, observed } of rule.inText?.(path, text) ?? [])
        add(rule, start, observed, text.slice(start, end));
    findings.push(...settled(path, text, hits, commentsOf(text, module), now));
  }
  return { findings, unread };
}

interface Context {
  readonly project: Project;
  readonly flow: Flow;
  readonly byType: ReadonlyMap<string, readonly Rule[]>;
  readonly add: (rule: RuleText, start: number, observed: string, key: string) => void;
}

function inModule(module: Module, { project, flow, byType, add }: Context): void {
  const scenes = new Map<Rule, Scene>();
  for (const rule of new Set([...byType.values()].flat()))
    scenes.set(rule, {
      project,
      module,
      flow,
      report: (node: Node, observed, key) =>
        add(rule, node.start, observed, key ?? module.text.slice(node.start, node.end)),
    });
  for (const node of module.nodes)
    for (const rule of byType.get(node.type) ?? []) {
      const scene = scenes.get(rule);
      if (scene !== undefined) rule.look(scene, node);
    }
}

/** Suppressions taken into account, those that are not right reported, everything with its fingerprint. */
function settled(
  path: string,
  text: string,
  hits: readonly Hit[],
  comments: readonly Comment[],
  now: Date,
): readonly ScanFinding[] {
  const starts = lineStarts(text);
  const suppressions = suppressionsOf(comments, IDS, now);
  const used = new Set<object>();
  const all: (Hit & { readonly state: State; readonly reason?: string })[] = hits.map((hit) => {
    const { line } = placeOf(starts, hit.start);
    const by = suppressions.find((one) => one.rule === hit.rule.id && one.from <= line && line <= one.to);
    if (by !== undefined) used.add(by);
    return by === undefined || by.problem !== undefined
      ? { ...hit, state: "open" }
      : { ...hit, state: "suppressed", reason: by.reason };
  });
  for (const one of suppressions) {
    const problem = one.problem ?? (used.has(one) ? undefined : "there is nothing to leave out");
    if (problem !== undefined)
      all.push({
        rule: SUPPRESSION,
        start: one.start,
        observed: `a suppression of ${one.rule} has no effect: ${problem}`,
        key: one.rule,
        state: "open",
      });
  }
  const counts = new Map<string, number>();
  return all
    .toSorted((a, b) => a.start - b.start)
    .map(({ rule, start, observed, key, state, reason }) => {
      const base = `${rule.id}\0${path}\0${key.replaceAll(/\s+/g, "")}`;
      const count = counts.get(base) ?? 0;
      counts.set(base, count + 1);
      return {
        rule: rule.id,
        severity: rule.severity,
        file: path,
        ...placeOf(starts, start),
        observed,
        fingerprint: createHash("sha256").update(`${base}\0${count}`).digest("hex").slice(0, 32),
        state,
        ...(reason === undefined ? {} : { reason }),
      };
    });
}

/** Of scripts their comments; of other files every line that speaks of a suppression. */
function commentsOf(text: string, module: Module | undefined): readonly Comment[] {
  if (!text.includes("aegis-ignore")) return [];
  const starts = lineStarts(text);
  const all: Comment[] = [];
  if (module !== undefined)
    for (const { value, start, end } of module.comments) {
      const { line } = placeOf(starts, start);
      all.push({
        text: value,
        start,
        line,
        endLine: placeOf(starts, end).line,
        alone: text.slice(starts[line - 1] ?? 0, start).trim() === "",
      });
    }
  if (module === undefined || extname(module.path) === ".vue")
    for (const [index, line] of text.split("\n").entries())
      if (/(?:<!--|<%#|\{\{!|\/\/-?).*aegis-ignore/.test(line) && !all.some((one) => one.line === index + 1))
        all.push({
          text: line,
          start: starts[index] ?? 0,
          line: index + 1,
          endLine: index + 1,
          alone: /^\s*(?:<!--|<%#|\{\{!|\/\/)/.test(line),
        });
  return all;
}
