import { type Control, notApplicable, type ProbeContext, type Verdict } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { notDescribed } from "../verify/wire/checks.ts";
import type { ApiKeyPolicy } from "./policy.ts";

export type Policy = DeepReadonly<ApiKeyPolicy>;
export type Context = ProbeContext<Policy>;

const advice: Control<Policy>["advice"] = {
  symptom: "A key that leaked opens more, or for longer, than anybody meant.",
  cause: "Keys are not checked, bounded or ended as the policy says.",
  fix: "Set the apiKey section of the policy; routes name the credentials and scopes that they take.",
};

/** A control about keys, for targets that are described and policies that have them. */
export function control(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  probe: (context: Context) => Promise<Verdict>,
  options: { readonly slow?: boolean; readonly evenWhereOff?: boolean } = {},
): Control<Policy> {
  return {
    id: `apiKey.${id}`,
    claim,
    proves,
    references,
    advice,
    slow: options.slow === true,
    async probe(context) {
      if (!context.policy.enabled && options.evenWhereOff !== true)
        return notApplicable("the policy has no API keys");
      if (context.target.apiKeys === undefined) return notDescribed("how to make API keys (apiKeys)");
      return probe(context);
    },
  };
}

/** The first route that is described as taking keys; `control` has seen to it that there is one. */
export function firstRoute({ target }: Context): { readonly path: string; readonly scope: string } {
  const route = target.apiKeys?.routes[0];
  if (route === undefined) throw new TypeError("no route is described that takes keys");
  return route;
}
