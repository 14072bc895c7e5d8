import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, isAccepted, isRefused, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import { newPassword } from "../verify/wire/people.ts";
import { type Holder, isHolder, readJwt, tokenHolder } from "../verify/wire/tokens.ts";
import { forgedControls } from "./controls-forged.ts";
import type { TokenPolicy } from "./policy.ts";

type Policy = DeepReadonly<TokenPolicy>;
type Context = ProbeContext<Policy>;

const advice = {
  symptom: "A stolen token serves its thief for longer than its owner knows.",
  cause: "Tokens live on after their time, their use, or the sign-in that they came of.",
  fix: "Set the token section of the policy; rotate in one atomic step, and revoke the family on reuse.",
};

/** Each with an account of its own: what it does to it lasts. */
function control(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  slow: boolean,
  probe: (context: Context, holder: Holder) => Promise<Verdict>,
): Control<Policy> {
  return {
    id: `token.${id}`,
    claim,
    proves,
    references,
    advice,
    slow,
    async probe(context) {
      if (!context.policy.enabled) return notApplicable("the policy gives out no tokens");
      const holder = await tokenHolder(context);
      return isHolder(holder) ? probe(context, holder) : holder;
    },
  };
}

const given: Control<Policy> = {
  id: "token.given-to-the-signed-in",
  claim: "Tokens are given out where the policy says so, to people who are signed in, and to nobody else",
  proves: ["enabled"],
  references: ["req:TOK-1", "asvs:v5.0.0-10.4.5"],
  advice: {
    symptom: "Tokens can be had where nobody looks after them, or without a complete sign-in.",
    cause: "token.enabled differs, or the route asks for no session.",
    fix: "Set token.enabled; declare the route authenticated.",
  },
  async probe(context) {
    const { tokens } = context.target;
    if (tokens === undefined) return notDescribed("how to get tokens (tokens)");
    const request = requestOf({ method: "POST", ...tokens.issue });
    const nobody = (await context.anonymous().send(request)).response.status;
    if (!isRefused(nobody)) return fail(`answers ${nobody} to nobody`, "401");
    if (!context.policy.enabled) {
      const visitor = await context.signIn();
      if (visitor === undefined) return noSignIn;
      const { status } = (await visitor.call(tokens.issue)).response;
      return isRefused(status)
        ? pass(`none are given out (${status})`)
        : fail(`tokens are given out (${status})`, "none");
    }
    const holder = await tokenHolder(context);
    return isHolder(holder) ? pass("given to a signed-in person, and to nobody else") : holder;
  },
};

const accessLifetime = control(
  "access-lifetime",
  "An access token lives as long as declared and no longer",
  ["accessSeconds"],
  ["req:TOK-1", "asvs:v5.0.0-9.2.1"],
  true,
  async (context, { pair, use }) => {
    const { accessSeconds: seconds } = context.policy;
    const { iat, exp } = readJwt(pair.access)?.claims ?? {};
    if (typeof iat === "number" && typeof exp === "number" && exp - iat !== seconds)
      return fail(`it says that it lives for ${exp - iat} s`, `${seconds} s`);
    if (!(await context.time.pass(seconds - 10))) return cannotWait(seconds + 2);
    const before = await use(pair.access);
    await context.time.pass(12);
    const after = await use(pair.access);
    if (!isAccepted(before)) return fail(`answers ${before} ${seconds - 10} s later`, "accepted");
    return isAccepted(after)
      ? fail(`answers ${after} ${seconds + 2} s later`, "401")
      : pass(`accepted for ${seconds - 10} s, refused after ${seconds + 2} s`);
  },
);

const usedOnce = control(
  "refresh-once",
  "A refresh token works once; a second use is refused and ends the family with its newest tokens, beyond the grace declared",
  ["reuseGraceSeconds"],
  ["rfc:9700-4.14.2", "req:TOK-2", "asvs:v5.0.0-10.4.5"],
  true,
  async (context, { pair, refresh, use }) => {
    const { reuseGraceSeconds: grace } = context.policy;
    const first = await refresh(pair.refresh);
    if (first.pair === undefined) return fail(`a first use is answered with ${first.status}`, "a new pair");
    if (first.pair.refresh === pair.refresh) return fail("it is given back as it was", "a new one");
    if (grace > 0) {
      const early = await refresh(pair.refresh);
      if (!isRefused(early.status)) return fail(`a second use is answered with ${early.status}`, "refused");
      if (!isAccepted(await use(first.pair.access)))
        return fail("a second use within the grace ends the family", "refused, and no more");
      if (!(await context.time.pass(grace + 1))) return cannotWait(grace + 1);
    }
    const second = await refresh(pair.refresh);
    if (!isRefused(second.status)) return fail(`a second use is answered with ${second.status}`, "refused");
    const newest = await refresh(first.pair.refresh);
    if (!isRefused(newest.status))
      return fail("after a second use the newest refresh token still works", "refused");
    return isAccepted(await use(first.pair.access))
      ? fail("after a second use the newest access token still works", "401")
      : pass("used once; a second use ended the family, its newest tokens included");
  },
);

const refreshLifetime = control(
  "refresh-lifetime",
  "A refresh token that is not used is over as soon as declared, and no sooner",
  ["refreshSeconds"],
  ["req:TOK-1", "rfc:9700-4.14.2"],
  true,
  async (context, { pair, refresh, issue }) => {
    const { refreshSeconds: seconds } = context.policy;
    const other = await issue();
    if (other === undefined) return unknown("a second pair was not given");
    if (!(await context.time.pass(seconds - 10))) return cannotWait(seconds + 2);
    const before = await refresh(other.refresh);
    if (before.pair === undefined)
      return fail(`answers ${before.status} ${seconds - 10} s later`, "a new pair");
    await context.time.pass(12);
    const after = await refresh(pair.refresh);
    return isRefused(after.status)
      ? pass(`accepted for ${seconds - 10} s, refused after ${seconds + 2} s`)
      : fail(`answers ${after.status} ${seconds + 2} s later`, "401");
  },
);

const familyLifetime = control(
  "family-lifetime",
  "However often tokens are refreshed, after the time declared the person must sign in again",
  ["familySeconds"],
  ["req:TOK-2", "asvs:v5.0.0-10.4.8"],
  true,
  async (context, { pair, refresh }) => {
    const { refreshSeconds, familySeconds } = context.policy;
    const step = Math.max(1, Math.min(refreshSeconds - 10, familySeconds - 10));
    let newest = pair;
    let passed = 0;
    while (passed + step < familySeconds) {
      if (!(await context.time.pass(step))) return cannotWait(familySeconds + 2);
      passed += step;
      const next = await refresh(newest.refresh);
      if (next.pair === undefined) return fail(`answers ${next.status} after ${passed} s`, "a new pair");
      newest = next.pair;
    }
    await context.time.pass(familySeconds - passed + 2);
    const last = await refresh(newest.refresh);
    return isRefused(last.status)
      ? pass(`refreshed for ${passed} s, refused after ${familySeconds + 2} s`)
      : fail(`still refreshed after ${familySeconds + 2} s`, "401");
  },
);

const endsWithPassword = control(
  "ends-with-password",
  "A new password ends every token of the account",
  [],
  ["req:TOK-3", "asvs:v5.0.0-7.4.3"],
  false,
  async (context, { visitor, pair, use, refresh }) => {
    const { changePassword } = context.target;
    if (changePassword === undefined) return notDescribed("how to change a password (changePassword)");
    const { status } = (await visitor.call(changePassword, { new_password: newPassword() })).response;
    if (!isAccepted(status)) return unknown(`the password could not be changed (${status})`);
    return dead("after a new password", pair, use, refresh);
  },
);

const endsWithSession = control(
  "ends-with-sign-out",
  "Signing out ends the tokens that were got in that session",
  [],
  ["req:TOK-3", "asvs:v5.0.0-7.4.1"],
  false,
  async (context, { visitor, pair, use, refresh }) => {
    const { logout } = context.target;
    if (logout === undefined) return notDescribed("how to sign out");
    await visitor.call({ method: "POST", ...logout });
    return dead("after sign-out", pair, use, refresh);
  },
);

async function dead(
  when: string,
  pair: Holder["pair"],
  use: Holder["use"],
  refresh: Holder["refresh"],
): Promise<Verdict> {
  if (isAccepted(await use(pair.access))) return fail(`${when} the access token still works`, "401");
  return isRefused((await refresh(pair.refresh)).status)
    ? pass(`${when} both are refused`)
    : fail(`${when} the refresh token still works`, "401");
}

const program = control(
  "program-bound",
  "A token in the hands of another program is refused where the policy is strict, and served where it is not",
  ["userAgentBinding"],
  ["req:TOK-4"],
  false,
  async (context, { pair, use }) => {
    const strict = context.policy.userAgentBinding === "strict";
    const status = await use(pair.access, { "user-agent": "Another-program/1.0" });
    if (!isAccepted(await use(pair.access))) return unknown("its own program is refused, too");
    return isAccepted(status) === strict
      ? fail(`another program is answered with ${status}`, strict ? "401" : "accepted")
      : pass(`another program is answered with ${status}`);
  },
);

export const tokenControls: RoomControls<Policy> = {
  controls: [
    given,
    ...forgedControls,
    accessLifetime,
    usedOnce,
    refreshLifetime,
    familyLifetime,
    endsWithSession,
    endsWithPassword,
    program,
  ],
  unprovable: [
    { leaf: "networkBinding", reason: "a probe stands in one network; test/tokens-end.test.ts uses several" },
  ],
};
