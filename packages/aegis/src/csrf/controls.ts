import {
  type Control,
  type Exchange,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  type SignedIn,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { isAccepted, isRefused, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import type { CsrfPolicy } from "./policy.ts";

type Policy = DeepReadonly<CsrfPolicy>;
type Context = ProbeContext<Policy>;

const FOREIGN = "https://aegis-probe.invalid";

/** Sends the described write as a signed-in user, with the token and headers given. */
async function write(
  context: Context,
  visitor: SignedIn,
  token: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Exchange | undefined> {
  const { write: call, csrf } = context.target;
  if (call === undefined) return undefined;
  const field = csrf?.header === undefined && token !== undefined ? csrf?.formField : undefined;
  const named = token !== undefined && csrf?.header !== undefined ? { [csrf.header]: token } : {};
  const extra = field === undefined || token === undefined ? {} : { [field]: token };
  return visitor.client.send({
    ...requestOf({ method: "POST", ...call }, {}, extra),
    headers: { ...named, ...headers },
  });
}

const tokenAdvice: Control<Policy>["advice"] = {
  symptom: "Another site can change things in the name of a signed-in user.",
  cause: "The route takes state-changing requests without the session's CSRF token.",
  fix: "Set csrf.tokenRequired; send the value of GET /csrf-token in X-CSRFToken.",
};

/** A refusal proves something only where the same request with the right token is accepted. */
async function writesAtAll(context: Context, visitor: SignedIn): Promise<boolean> {
  const exchange = await write(context, visitor, await visitor.csrfToken());
  return exchange !== undefined && isAccepted(exchange.response.status);
}

const refusedAnyway = unknown(
  "the same write is refused with the right token too, so a refusal shows nothing",
);

/** A control that wants a write refused; `token` chooses what is sent in place of the right one. */
function refusedWith(
  id: string,
  claim: string,
  proves: readonly string[],
  token: (context: Context, visitor: SignedIn) => Promise<string | undefined>,
  judge: (exchange: Exchange, policy: Policy) => Verdict,
): Control<Policy> {
  return {
    id: `csrf.${id}`,
    claim,
    proves,
    references: ["asvs:v5.0.0-3.5.1", "cwe:352", "req:CSRF-2"],
    advice: tokenAdvice,
    async probe(context) {
      if (!context.policy.tokenRequired) return notApplicable("the policy asks for no token");
      if (context.target.write === undefined)
        return notDescribed("a harmless request that changes something (write)");
      const visitor = await context.signIn();
      if (visitor === undefined) return noSignIn;
      if (!(await writesAtAll(context, visitor))) return refusedAnyway;
      const exchange = await write(context, visitor, await token(context, visitor));
      return exchange === undefined ? unknown("nothing was sent") : judge(exchange, context.policy);
    },
  };
}

const mustRefuse = ({ response }: Exchange): Verdict => {
  if (isRefused(response.status)) return pass(`refused with ${response.status}`);
  return response.status < 400
    ? fail(`accepted with ${response.status}`, "a refusal")
    : unknown(`answered with ${response.status}`);
};

/** A control that sends the right token and headers that say the request is foreign. */
function foreignRefused(
  id: string,
  claim: string,
  proves: readonly string[],
  headers: Readonly<Record<string, string>>,
  applies: (policy: Policy) => string | undefined,
): Control<Policy> {
  return {
    id: `csrf.${id}`,
    claim,
    proves,
    references: ["asvs:v5.0.0-3.5.1", "w3c:fetch-metadata", "req:CSRF-3"],
    advice: {
      symptom: "Another site that learns a token can use it.",
      cause: "Sec-Fetch-Site and Origin are not looked at, or too many origins are trusted.",
      fix: "Set csrf.originCheck; keep csrf.sameSiteTrusted off.",
    },
    async probe(context) {
      const why = applies(context.policy);
      if (why !== undefined) return notApplicable(why);
      if (context.target.write === undefined)
        return notDescribed("a harmless request that changes something (write)");
      const visitor = await context.signIn();
      if (visitor === undefined) return noSignIn;
      if (!(await writesAtAll(context, visitor))) return refusedAnyway;
      const exchange = await write(context, visitor, await visitor.csrfToken(), headers);
      return exchange === undefined ? unknown("nothing was sent") : mustRefuse(exchange);
    },
  };
}

const accepted: Control<Policy> = {
  id: "csrf.right-token-accepted",
  claim: "A write with the session's own token is accepted, from scripts and from forms alike",
  proves: [],
  references: ["req:CSRF-1", "req:CHK-2"],
  advice: {
    symptom: "People cannot save anything (CSRF failing).",
    cause:
      "The token is not sent, or belongs to another session; or Origin differs because the proxy hides the host.",
    fix: "Fetch GET /csrf-token after sign-in; let the proxy pass Host and X-Forwarded-Proto.",
  },
  async probe(context) {
    if (context.target.write === undefined)
      return notDescribed("a harmless request that changes something (write)");
    const visitor = await context.signIn();
    if (visitor === undefined) return noSignIn;
    const exchange = await write(context, visitor, await visitor.csrfToken(), {
      Origin: `${context.secure ? "https" : "http"}://${context.host}`,
      "Sec-Fetch-Site": "same-origin",
    });
    if (exchange === undefined) return unknown("nothing was sent");
    return isAccepted(exchange.response.status)
      ? pass(`accepted with ${exchange.response.status}`)
      : fail(`answered with ${exchange.response.status}`, "a success");
  },
};

const signInForeign: Control<Policy> = {
  id: "csrf.sign-in-cross-site-refused",
  claim: "Another site cannot sign a browser in",
  proves: ["originCheck"],
  references: ["asvs:v5.0.0-3.5.1", "cwe:352", "req:CSRF-2"],
  advice: {
    symptom: "A person works in the attacker's account without noticing (login CSRF).",
    cause: "Sign-in does not look at where the request comes from.",
    fix: "Set csrf.originCheck.",
  },
  async probe(context) {
    if (!context.policy.originCheck) return notApplicable("the policy does not look at origins");
    const { login } = context.target;
    const known = login === undefined ? undefined : await context.signIn();
    if (login === undefined || known === undefined) return noSignIn;
    const credentials = { username: known.username, password: known.password };
    const { response } = await context.anonymous().send({
      ...requestOf(login, credentials),
      headers: { Origin: FOREIGN, "Sec-Fetch-Site": "cross-site" },
    });
    return mustRefuse({ request: known.login.request, response });
  },
};

const uncheckedOrigins = (policy: Policy): string | undefined =>
  policy.originCheck ? undefined : "the policy does not look at origins";

export const csrfControls: RoomControls<Policy> = {
  controls: [
    accepted,
    refusedWith(
      "missing-token-refused",
      "A write without a token is refused",
      ["tokenRequired"],
      async () => undefined,
      mustRefuse,
    ),
    refusedWith(
      "wrong-token-refused",
      "A write with a made-up token is refused",
      ["tokenRequired"],
      async (_context, visitor) => [...((await visitor.csrfToken()) ?? "aegis")].toReversed().join(""),
      mustRefuse,
    ),
    refusedWith(
      "other-session-token-refused",
      "A write with another session's token is refused",
      ["tokenRequired"],
      async (context) => (await context.signIn())?.csrfToken(),
      mustRefuse,
    ),
    refusedWith(
      "refusal-status",
      "The refusal has the status that the policy says",
      ["refusalStatus"],
      async () => undefined,
      ({ response }, policy) =>
        response.status === policy.refusalStatus
          ? pass(`refused with ${response.status}`)
          : fail(`answered with ${response.status}`, `${policy.refusalStatus}`),
    ),
    foreignRefused(
      "cross-site-refused",
      "A cross-site write is refused, whatever token it bears",
      ["originCheck"],
      { Origin: FOREIGN, "Sec-Fetch-Site": "cross-site" },
      uncheckedOrigins,
    ),
    foreignRefused(
      "foreign-origin-refused",
      "A write whose Origin is foreign is refused where the browser sends no fetch metadata",
      ["originCheck"],
      { Origin: FOREIGN },
      uncheckedOrigins,
    ),
    foreignRefused(
      "null-origin-refused",
      "A write from a sandboxed page (Origin: null) is refused",
      ["originCheck"],
      { Origin: "null" },
      uncheckedOrigins,
    ),
    foreignRefused(
      "same-site-refused",
      "A write from another host of the site is refused",
      ["sameSiteTrusted"],
      { "Sec-Fetch-Site": "same-site" },
      (policy) =>
        policy.sameSiteTrusted ? "the policy trusts hosts of the same site" : uncheckedOrigins(policy),
    ),
    signInForeign,
  ],
  unprovable: [
    {
      leaf: "trustedOrigins",
      reason: "Only an origin that is on the list would show it, and from outside nobody knows which to try.",
    },
  ],
};
