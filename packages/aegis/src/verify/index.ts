/** `aegis/verify`: proves from outside that a running system does what a policy says. */
export type {
  Control,
  Exchange,
  Outcome,
  TargetCall,
  TargetDescription,
  TargetRoute,
  Unprovable,
  Verdict,
} from "../control.ts";
export { type BoundControl, type BoundRoom, catalogue } from "./catalogue.ts";
export type { Counts, EvidenceExchange, Finding, FindingCell } from "./finding.ts";
export { type HastenedAccount, hastenedControls } from "./hastened.ts";
export { type HealthFacts, lookAtHealth, lookAtLive, type LookOptions } from "./look.ts";
export { type Report, verify, type VerifyOptions } from "./run.ts";
export { parseTarget, TargetError, targetSchema } from "./target.ts";
export { printable } from "./wire/text.ts";
