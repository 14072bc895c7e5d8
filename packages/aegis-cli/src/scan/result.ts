/** What a scan ends with, and every rule that it may name. */
import { ADVISORY } from "./advisories/advisories.ts";
import { ALL_RULES, type Unread } from "./engine.ts";
import { GIT_RULES } from "./repository.ts";
import type { RuleText, ScanFinding } from "./rule.ts";

export interface ScanResult {
  readonly findings: readonly ScanFinding[];
  /** Files that nobody looked into. */
  readonly unread: readonly Unread[];
  /** Checks that could not be made. */
  readonly unchecked: readonly { readonly what: string; readonly why: string }[];
  readonly files: number;
  readonly lines: number;
  readonly packages: number;
  /** Tests and built files that were passed over on purpose. */
  readonly leftOut: { readonly tests: number; readonly built: number };
}

export const KNOWN_RULES: readonly RuleText[] = [...ALL_RULES, ADVISORY, ...GIT_RULES];

/** 0: nothing is open, and all was looked at. 1: something is. 2: something could not be looked at. */
export function statusOf({ findings, unread, unchecked }: ScanResult): 0 | 1 | 2 {
  if (findings.some(({ state }) => state === "open")) return 1;
  return unread.length > 0 || unchecked.length > 0 ? 2 : 0;
}
