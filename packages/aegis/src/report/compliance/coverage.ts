/** What the controls can show of a framework at the best: counted from the mapping, before any run. */
import type { Framework, Requirement } from "./framework.ts";
import { controlsOf } from "./mapping.ts";

export interface Coverage {
  readonly requirements: number;
  /** Controls prove all of it, and each was seen to fail. */
  readonly whole: number;
  /** Controls prove some of it; the rest is to be attested. */
  readonly part: number;
  /** No probe sees it: it is to be attested. */
  readonly attest: number;
  readonly outOfScope: number;
}

export function coverageOf(
  framework: Framework,
  only: (requirement: Requirement) => boolean = () => true,
): Coverage {
  const of = framework.requirements.filter(only);
  const isShown = (one: Requirement): boolean => controlsOf(framework, one).some(({ isProof }) => isProof);
  const outOfScope = of.filter((one) => one.outOfScope !== undefined).length;
  const whole = of.filter((one) => one.covers === "whole" && isShown(one)).length;
  const part = of.filter((one) => one.covers === "part" && isShown(one)).length;
  return {
    requirements: of.length,
    whole,
    part,
    attest: of.length - outOfScope - whole - part,
    outOfScope,
  };
}
