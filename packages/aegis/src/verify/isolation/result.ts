import type { Exchange, Outcome, TargetRoute } from "../../control.ts";

/** `by-id`: by an id of A. `in-lists`: in a list, a search, a count. `told-apart`: A's id refused otherwise than a made-up one. */
export type Aspect = "by-id" | "in-lists" | "told-apart";

export interface Result {
  readonly aspect: Aspect;
  readonly method: string;
  readonly path: string;
  readonly outcome: Outcome;
  readonly observed: string;
  /** What gives it away; of what holds, the answer that shows it. */
  readonly exchange?: Exchange;
}

export interface Judgement {
  readonly outcome: Outcome;
  readonly observed: string;
  readonly exchange?: Exchange;
}

export const result = (route: TargetRoute, aspect: Aspect, judgement: Judgement): Result => ({
  aspect,
  method: route.method,
  path: route.path,
  ...judgement,
});

export const leak = (observed: string, exchange: Exchange): Judgement => ({
  outcome: "fail",
  observed,
  exchange,
});
export const held = (observed: string, exchange: Exchange): Judgement => ({
  outcome: "pass",
  observed,
  exchange,
});
export const unseen = (observed: string): Judgement => ({ outcome: "unknown", observed });
export const nothing = (observed: string): Judgement => ({ outcome: "not-applicable", observed });
