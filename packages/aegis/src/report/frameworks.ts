/** What a framework's requirements are worth on one run; who assesses them hands this in. */

/** `tested`: a control that passed shows it. `attested`: a person has signed for it. */
export type RequirementStatus = "tested" | "attested" | "not-met" | "not-applicable";

export interface RequirementRow {
  /** As the framework numbers it, e.g. "v5.0.0-3.3.1". */
  readonly id: string;
  readonly title: string;
  readonly level?: string;
  readonly status: RequirementStatus;
  /** Ids of the controls whose findings decided it. */
  readonly controls: readonly string[];
  readonly why: string;
}

export interface FrameworkResult {
  readonly name: string;
  readonly version: string;
  readonly rows: readonly RequirementRow[];
}

export const REQUIREMENT_WORDS: Readonly<Record<RequirementStatus, string>> = {
  tested: "tested",
  attested: "attested",
  "not-met": "not met",
  "not-applicable": "not applicable",
};

export const REQUIREMENT_STATUSES: readonly RequirementStatus[] = [
  "tested",
  "attested",
  "not-met",
  "not-applicable",
];
