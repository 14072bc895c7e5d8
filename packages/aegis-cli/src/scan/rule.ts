/** What a rule is, and what it finds. */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import type { Flow } from "./flow.ts";

export type Severity = "high" | "medium" | "low";

/** A claim about source code, with what its opposite means. */
export interface RuleText {
  /** Stable: baselines and suppressions name it. */
  readonly id: string;
  /** One sentence that is true of good code. */
  readonly claim: string;
  /** Number of the Common Weakness Enumeration. */
  readonly cwe: number;
  /** Requirement of OWASP ASVS 5.0.0. */
  readonly asvs: string;
  readonly severity: Severity;
  readonly advice: { readonly symptom: string; readonly cause: string; readonly fix: string };
}

export interface Scene {
  readonly project: Project;
  readonly module: Module;
  readonly flow: Flow;
  /** `observed` is one line and holds no secret; `key` stands for the source text in the fingerprint, where that is one. */
  readonly report: (node: Node, observed: string, key?: string) => void;
}

export interface Rule extends RuleText {
  /** The kinds of nodes that it is shown. */
  readonly of: readonly Node["type"][];
  readonly look: (scene: Scene, node: Node) => void;
  /** Of files that are no scripts: where something was found, by offset. */
  readonly inText?: (path: string, text: string) => readonly TextHit[];
}

export interface TextHit {
  readonly start: number;
  readonly end: number;
  readonly observed: string;
}

export type State = "open" | "accepted" | "suppressed";

export interface ScanFinding {
  readonly rule: string;
  readonly severity: Severity;
  /** Relative to the folder, with "/". */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly observed: string;
  /** Survives moved lines and other layouts: rule, file, the text of the place without white space, and which of several. */
  readonly fingerprint: string;
  /** `accepted`: by the baseline. */
  readonly state: State;
  /** Why it is suppressed. */
  readonly reason?: string;
}
