import { type Control, fail, pass, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { noSignIn, notDescribed } from "../verify/wire/checks.ts";
import { signsIn } from "../verify/wire/people.ts";
import type { SessionPolicy } from "./policy.ts";

type Policy = DeepReadonly<SessionPolicy>;

const cannotTell = unknown("the target's answers do not tell whether a session is alive (sessionCheck)");

const fixation: Control<Policy> = {
  id: "session.fixation",
  claim: "A session that was planted before sign-in is worth nothing after it",
  proves: [],
  references: ["asvs:v5.0.0-7.2.4", "cwe:384", "req:SES-4"],
  advice: {
    symptom: "Who plants a cookie in somebody's browser shares the session once they sign in.",
    cause: "The session keeps its token at sign-in.",
    fix: "Make a new session at sign-in (express-session: req.session.regenerate) and end the old one.",
  },
  async probe(context) {
    const attacker = context.anonymous();
    await attacker.send({ path: context.target.samples?.html ?? "/" });
    const first = await context.signIn({ client: context.anonymous() });
    const name = first?.sessionCookie?.name;
    if (first === undefined || name === undefined) return noSignIn;
    // Both a token that the target gave out before sign-in, if it does, and one that was made up.
    const planted = attacker.cookies.get(name) ?? "A".repeat(43);
    const victim = context.anonymous();
    victim.cookies.set(name, planted);
    const signedIn = await context.signIn({ client: victim });
    if (signedIn === undefined) return noSignIn;
    if ((await signedIn.isAlive()) !== true) return cannotTell;
    if (victim.cookies.get(name) === planted)
      return fail("the planted token is kept at sign-in", "a new token");
    const thief = context.anonymous();
    thief.cookies.set(name, planted);
    const alive = await (await peek(context, thief)).isAlive();
    if (alive === undefined) return cannotTell;
    return alive
      ? fail("the planted token is signed in", "a token that opens nothing")
      : pass("the planted token opens nothing");
  },
};

/** Something that can say whether a client is alive, without signing it in. */
async function peek(
  context: Parameters<Control<Policy>["probe"]>[0],
  client: ReturnType<typeof context.anonymous>,
) {
  const check = context.target.sessionCheck ?? context.target.activity;
  return {
    async isAlive(): Promise<boolean | undefined> {
      if (check === undefined) return undefined;
      const { status } = (await client.send(requestOf(check))).response;
      if (status >= 200 && status < 300) return true;
      return status === 401 || status === 403 || (status >= 300 && status < 400) ? false : undefined;
    },
  };
}

const replaced: Control<Policy> = {
  id: "session.new-at-sign-in",
  claim: "Signing in again ends the session that the browser had",
  proves: [],
  references: ["asvs:v5.0.0-7.2.4", "req:SES-4"],
  advice: {
    symptom: "Old tokens of a browser stay good.",
    cause: "Sign-in makes a new session and forgets the old one.",
    fix: "End the session that the sign-in request came with.",
  },
  async probe(context) {
    const first = await context.signIn();
    if (first === undefined) return noSignIn;
    if ((await first.isAlive()) !== true) return cannotTell; // a token that was never good cannot be seen to die
    const old = first.client.clone();
    const again = await context.signIn({ client: first.client });
    if (again === undefined) return noSignIn;
    const alive = await (await peek(context, old)).isAlive();
    if (alive === undefined) return cannotTell;
    return alive ? fail("the former token is still signed in", "401") : pass("the former token is dead");
  },
};

const signOut: Control<Policy> = {
  id: "session.sign-out-kills",
  claim: "Sign-out ends the session on the server: the cookie is worth nothing afterwards, wherever it is",
  proves: [],
  references: ["asvs:v5.0.0-7.4.1", "req:SES-7", "req:ACC-1"],
  advice: {
    symptom: "A stolen cookie stays good after its owner has signed out.",
    cause: "Sign-out only takes the cookie out of the browser.",
    fix: "End the session in the store (express-session: req.session.destroy).",
  },
  async probe(context) {
    const { logout } = context.target;
    if (logout === undefined) return notDescribed("how to sign out");
    const visitor = await context.signIn();
    if (visitor === undefined) return noSignIn;
    if ((await visitor.isAlive()) !== true) return cannotTell;
    const copy = visitor.client.clone();
    await visitor.client.send(requestOf({ method: "POST", ...logout }));
    const alive = await (await peek(context, copy)).isAlive();
    if (alive === undefined) return cannotTell;
    return alive ? fail("a copy of the cookie still works", "401") : pass("a copy of the cookie is dead");
  },
};

/** A probe signs in no more often than this: a limit beyond it is not looked at. */
const MOST_SIGN_INS = 30;

const concurrent: Control<Policy> = {
  id: "session.concurrent-limit",
  claim: "Of one user no more sessions are open than declared: the oldest ends",
  proves: ["concurrentLimit"],
  references: ["asvs:v5.0.0-7.1.2", "req:SES-5"],
  advice: {
    symptom: "Sessions of one account pile up, and a thief's is one among many.",
    cause: "Sign-ins are not counted, or parallel ones are counted wrongly.",
    fix: "Set session.concurrentLimit of the policy.",
  },
  async probe(context) {
    const limit = context.policy.concurrentLimit;
    if (limit >= MOST_SIGN_INS) return unknown(`takes ${limit + 1} sign-ins; a probe makes ${MOST_SIGN_INS}`);
    if (context.target.credentials !== undefined)
      return unknown("would end other sessions of the described account");
    const first = await context.signIn({ fresh: true });
    if (first === undefined) return noSignIn;
    const visitors = [first];
    while (visitors.length <= limit) {
      const client = context.anonymous();
      if (!(await signsIn(context, first, client))) return noSignIn;
      visitors.push(first.as(client));
    }
    const alive: (boolean | undefined)[] = [];
    for (const visitor of visitors) alive.push(await visitor.isAlive());
    if (alive.includes(undefined) || alive.at(-1) !== true) return cannotTell;
    const count = alive.filter(Boolean).length;
    if (alive[0] === true || count !== limit)
      return fail(`${count} of ${visitors.length} sessions are open`, `${limit}, the oldest ended`);
    return pass(`${count} of ${visitors.length} are open, the oldest ended`);
  },
};

const madeUp: Control<Policy> = {
  id: "session.made-up-token-refused",
  claim: "A made-up session token opens nothing",
  proves: [],
  references: ["asvs:v5.0.0-7.2.1", "req:SES-9"],
  advice: {
    symptom: "Sessions can be invented.",
    cause: "The server believes tokens that it did not give out.",
    fix: "Look tokens up in the store.",
  },
  async probe(context) {
    const visitor = await context.signIn();
    if (visitor?.sessionCookie === undefined) return noSignIn;
    if ((await visitor.isAlive()) !== true) return cannotTell;
    const { name, value } = visitor.sessionCookie;
    const forged = context.anonymous();
    forged.cookies.set(name, [...value].toReversed().join(""));
    const alive = await (await peek(context, forged)).isAlive();
    if (alive === undefined) return cannotTell;
    return alive ? fail("a made-up token is signed in", "401") : pass("refused");
  },
};

const refresh: Control<Policy> = {
  id: "session.refresh-needs-session",
  claim: "A session can be extended by its owner, and nothing can be extended without one",
  proves: [],
  references: ["req:SES-8"],
  advice: {
    symptom: "People lose work, or ended sessions come back.",
    cause: "The refresh route is missing or does not look at the session.",
    fix: "Use POST /api/session/refresh as Aegis brings it.",
  },
  async probe(context) {
    const { sessionRefresh, csrf } = context.target;
    if (sessionRefresh === undefined) return notDescribed("how to extend a session");
    const request = requestOf({ method: "POST", ...sessionRefresh });
    const nobody = await context.anonymous().send(request);
    if (nobody.response.status < 300)
      return fail(`answers ${nobody.response.status} without a session`, "401");
    const visitor = await context.signIn();
    if (visitor === undefined) return noSignIn;
    const token = await visitor.csrfToken();
    const headers = token === undefined || csrf?.header === undefined ? {} : { [csrf.header]: token };
    const { response } = await visitor.client.send({ ...request, headers });
    return response.status < 300
      ? pass("extended for its owner, refused for nobody")
      : fail(`answers ${response.status} to its owner`, "200");
  },
};

export const lifeControls: readonly Control<Policy>[] = [
  fixation,
  replaced,
  signOut,
  concurrent,
  madeUp,
  refresh,
];
