/** What a sign-in still needs, pure. The order matters: nobody changes a password or a factor before the factors are shown. */
import type { Aal, SignInStage } from "../request.ts";

export interface StageFacts {
  readonly aal: Aal;
  readonly hasSecondFactor: boolean;
  readonly secondFactorRequired: boolean;
  /** A password was used, and it is expired, marked for change, or too short without a second factor. */
  readonly passwordMustChange: boolean;
}

export function nextStage(facts: StageFacts): SignInStage {
  if (facts.hasSecondFactor && facts.aal < 2) return "second-factor";
  if (facts.passwordMustChange) return "password-change";
  if (facts.secondFactorRequired && !facts.hasSecondFactor) return "enrolment";
  return "complete";
}
