/** What the migration finds, and the words in which it says so. */
import type { Node } from "oxc-parser";
import type { Module } from "../source/parse.ts";
import type { Project } from "../source/project.ts";
import type { Insertion } from "./insertions.ts";

/**
 * certain: the sources say it. likely: it is so unless the program does something unusual.
 * manual: only a person can tell, so nothing is written.
 */
export type Confidence = "certain" | "likely" | "manual";

/** rewrite: the diff has it. review: left to a person. note: right as it is, and worth knowing; asks for nothing. */
export type Action = "rewrite" | "review" | "note";

export type Rule = "identity-header" | "credentials" | "third-party" | "wrapper" | "file";

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: Rule;
  readonly what: string;
  readonly confidence: Confidence;
  readonly action: Action;
}

export interface MigrateOptions {
  /** Header names, compared without regard to case. */
  readonly headers: readonly string[];
  /** Origins besides the page's own that take its cookies. */
  readonly origins: ReadonlySet<string>;
  /** Expressions that hold the address of such an origin: `API_URL`, `import.meta.env.VITE_API`. */
  readonly bases: ReadonlySet<string>;
}

/** Collects for one file; `engine.ts` makes edits of it. */
export interface Work {
  readonly project: Project;
  readonly module: Module;
  readonly options: MigrateOptions;
  /** A test may send an identity header on purpose, to see it refused. */
  readonly isTest: boolean;
  /** Elements of lists, properties and statements to take out. */
  readonly removals: Set<Node>;
  readonly insertions: Insertion[];
  /** A person wrote `aegis-ignore` at it. */
  readonly isIgnored: (node: Node) => boolean;
  readonly report: (
    node: Node,
    finding: {
      readonly rule: Rule;
      readonly what: string;
      readonly confidence: Confidence;
      readonly note?: true;
    },
  ) => void;
}

/** Everything that one run knows. */
export interface Run {
  readonly project: Project;
  readonly options: MigrateOptions;
  readonly workOf: (module: Module) => Work;
}

export const isIdentity = (options: MigrateOptions, name: string): boolean =>
  options.headers.includes(name.trim().toLowerCase());

export const quoted = (text: string): string => {
  const line = text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[^\u0020-\uffff]|[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "?");
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
};
