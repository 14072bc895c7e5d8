import { type Control, fail, pass, type RoomControls, unknown } from "../control.ts";
import { askForKey, makeKey, useKey } from "../verify/wire/api-keys.ts";
import { isAccepted, isRefused, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import { fieldOf } from "../verify/wire/people.ts";
import { dies, expires, lifetime, perAccount } from "./controls-life.ts";
import { control, firstRoute, type Policy } from "./controls-shared.ts";

const NOBODY = "00000000-0000-4000-8000-000000000000";

const byScope: Control<Policy> = control(
  "opens-by-scope",
  "A key opens the routes of its scopes and no other; where keys are off, nobody can make one",
  ["enabled"],
  ["asvs:v5.0.0-8.2.2", "owasp:top10-2021-a01"],
  async (context) => {
    const { apiKeys } = context.target;
    if (apiKeys === undefined) return notDescribed("how to make API keys (apiKeys)");
    const [own, other] = apiKeys.routes;
    if (own === undefined) return notDescribed("which routes take keys (apiKeys.routes)");
    const visitor = await context.signIn({ fresh: true });
    if (visitor === undefined) return unknown("could not sign in with a fresh account");
    const made = await askForKey(apiKeys, visitor, [own.scope]);
    const { status } = made.response;
    if (!context.policy.enabled)
      return isAccepted(status)
        ? fail(`a key was made (${status})`, "a refusal")
        : pass(`refused with ${status}`);
    const text = fieldOf(made, apiKeys.create.keyField);
    if (!isAccepted(status) || typeof text !== "string")
      return fail(`making a key is answered with ${status}`, "a key");
    const right = (await useKey(context, text, own.path)).response.status;
    if (!isAccepted(right)) return fail(`${own.path} answers ${right} to a key with ${own.scope}`, "2xx");
    if (other === undefined || other.scope === own.scope)
      return unknown("only routes of one scope are described (apiKeys.routes)");
    const wrong = (await useKey(context, text, other.path)).response.status;
    return wrong === 401 || wrong === 403
      ? pass(`${own.path} opens, ${other.path} answers ${wrong}`)
      : fail(`${other.path} answers ${wrong} to a key without ${other.scope}`, "403");
  },
  { evenWhereOff: true },
);

const typo: Control<Policy> = control(
  "typo-refused",
  "A key with one wrong character is refused, wherever it is",
  [],
  ["req:KEY-1"],
  async (context) => {
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    const { status } = (await useKey(context, key.text, route.path)).response;
    if (!isAccepted(status)) return unknown(`the right key is answered with ${status}`);
    const at = key.text.indexOf(key.id);
    for (const place of [at < 0 ? 0 : at, Math.floor(key.text.length * 0.6), key.text.length - 1]) {
      const other = key.text[place] === "A" ? "B" : "A";
      const wrong = key.text.slice(0, place) + other + key.text.slice(place + 1);
      const answer = (await useKey(context, wrong, route.path)).response.status;
      if (answer !== 401) return fail(`character ${place} wrong: ${answer}`, "401");
    }
    return pass("the right key opens, three with one wrong character answer 401");
  },
);

const revoked: Control<Policy> = control(
  "revoked-at-once",
  "A revoked key is refused from the next request on",
  [],
  ["asvs:v5.0.0-10.4.9", "req:KEY-1"],
  async (context) => {
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    const before = (await useKey(context, key.text, route.path)).response.status;
    if (!isAccepted(before)) return unknown(`the key is answered with ${before} before it is revoked`);
    const done = (await key.manage(key.keys.revoke)).response.status;
    if (!isAccepted(done)) return unknown(`revoking was answered with ${done}`);
    const after = (await useKey(context, key.text, route.path)).response.status;
    return after === 401 ? pass("401 at once") : fail(`${after} after revocation`, "401");
  },
);

const noAccountRoutes: Control<Policy> = control(
  "opens-no-account",
  "A key with every scope calls no route that manages the account, its keys, or other people",
  [],
  ["asvs:v5.0.0-8.2.1", "asvs:v5.0.0-8.3.1"],
  async (context) => {
    const route = firstRoute(context);
    const open = new Set(
      (context.target.apiKeys?.routes ?? []).map(({ path }) => path.replace(/\{\w+\}/g, ":id")),
    );
    const guarded = (context.target.routes ?? []).filter(
      ({ access, path, method }) =>
        (access === "authenticated" || access.startsWith("role:")) &&
        !(method === "GET" && [...open].some((one) => path === one || path.startsWith(`${one}/`))),
    );
    if (guarded.length === 0) return notDescribed("which routes need a sign-in (routes)");
    const key = await makeKey(context, context.policy.scopes);
    if (typeof key === "string") return unknown(key);
    const right = (await useKey(context, key.text, route.path)).response.status;
    if (!isAccepted(right)) return unknown(`the key is answered with ${right} where it should open`);
    for (const { method, path } of guarded) {
      const address = path.replace(/:\w+/g, NOBODY).replace("*", "x");
      const { status } = (await useKey(context, key.text, address, method)).response;
      if (status !== 401 && status !== 403) return fail(`${method} ${path} answers ${status}`, "401 or 403");
    }
    return pass(`${guarded.length} routes refuse`);
  },
);

const shownOnce: Control<Policy> = control(
  "secret-shown-once",
  "No later answer holds a key's secret",
  [],
  ["asvs:v5.0.0-14.2.6", "req:KEY-1"],
  async (context) => {
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    const { list, usage } = key.keys;
    const secret = key.text.slice(-24);
    let seen = false;
    for (const call of [list, ...(usage === undefined ? [] : [usage])]) {
      const { response } = await key.manage(call);
      if (!isAccepted(response.status)) return unknown(`${call.path} answers ${response.status}`);
      if (response.truncated) return unknown(`${call.path} answers with more than can be read`);
      if (response.body.includes(secret))
        return fail(`${call.path} holds the secret`, "only its public beginning");
      seen ||= response.body.includes(key.id);
    }
    return seen ? pass("the list holds the key's id and not its secret") : unknown("no answer shows the key");
  },
);

const scopes: Control<Policy> = control(
  "scopes-as-declared",
  "A key can be good for the declared scopes and nothing else",
  ["scopes"],
  ["asvs:v5.0.0-8.2.1", "req:KEY-1"],
  async (context) => {
    const declared = context.policy.scopes;
    const key = await makeKey(context, declared);
    if (typeof key === "string") return fail(`with every declared scope: ${key}`, "a key");
    const unheard = (await askForKey(key.keys, key.visitor, ["nobody:declared-this"])).response.status;
    if (!isRefused(unheard)) return fail(`a scope that nobody declared: ${unheard}`, "a refusal");
    const { scopesField } = key.keys.list;
    if (scopesField === undefined) return unknown("the target does not say which scopes there are");
    const offered = fieldOf(await key.manage(key.keys.list), scopesField);
    const listed = Array.isArray(offered) ? offered.filter((one) => typeof one === "string").toSorted() : [];
    return listed.join(" ") === declared.toSorted().join(" ")
      ? pass(`${listed.length} scopes, all of them declared`)
      : fail(`offered: ${listed.join(" ").slice(0, 200)}`, declared.join(" "));
  },
);

/** Seconds until the hour, the day or the month is over, counted by this side's own calendar. */
function untilReset(resets: "hourly" | "daily" | "monthly", now: number): number {
  const date = new Date(now);
  if (resets === "hourly") date.setUTCHours(date.getUTCHours() + 1, 0, 0, 0);
  if (resets === "daily") date.setUTCHours(24, 0, 0, 0);
  if (resets === "monthly") {
    date.setUTCHours(0, 0, 0, 0);
    date.setUTCMonth(date.getUTCMonth() + 1, 1);
  }
  return (date.getTime() - now) / 1000;
}

const KINDS = ["hourly", "daily", "monthly"] as const;
const LARGEST = 200;
/** Clocks of two machines, and a request that falls on the other side of midnight. */
const TOLERANCE_SECONDS = 120;

const quota: Control<Policy> = control(
  "quota-declared",
  "Every answer to a key says how much of its tier's quota is left and until when, and each request counts once",
  ["tiers", "defaultTier"],
  ["asvs:v5.0.0-2.4.1", "cwe:770"],
  async (context) => {
    const { tiers, defaultTier } = context.policy;
    const tier = tiers.find(({ name }) => name === defaultTier);
    if (tier === undefined) return unknown("the policy's default tier is none of its tiers");
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    for (let used = 1; used <= Math.min(2, tier.requestsLimit); used++) {
      const { response } = await useKey(context, key.text, route.path);
      const said = ["limit", "remaining", "reset"].map((part) =>
        Number(headerOf(response, `x-quota-${part}`) ?? NaN),
      );
      const [limit = NaN, remaining = NaN, reset = NaN] = said;
      const wanted = untilReset(tier.resets, context.time.now());
      if (!isAccepted(response.status)) return unknown(`the key is answered with ${response.status}`);
      if (limit !== tier.requestsLimit || remaining !== tier.requestsLimit - used)
        return fail(
          `request ${used}: limit ${limit}, remaining ${remaining}`,
          `${tier.requestsLimit}, ${tier.requestsLimit - used}`,
        );
      const nextWindow = untilReset(tier.resets, context.time.now() + TOLERANCE_SECONDS * 1000);
      if (!(Math.min(Math.abs(reset - wanted), Math.abs(reset - nextWindow)) <= TOLERANCE_SECONDS))
        return fail(`resets in ${reset} s`, `${tier.resets}, in ${Math.ceil(wanted)} s`);
    }
    const now = context.time.now();
    const alike = KINDS.filter(
      (kind) =>
        kind !== tier.resets &&
        Math.abs(untilReset(kind, now) - untilReset(tier.resets, now)) <= TOLERANCE_SECONDS,
    );
    // In the last hour of a day, and on the last day of a month, two kinds end together: that is said, not passed over.
    return pass(
      `${tier.requestsLimit} requests, ${tier.resets}${alike.length === 0 ? "" : ` (now ${alike.join(" and ")} would look the same)`}, counted one by one`,
    );
  },
);

const beyond: Control<Policy> = control(
  "quota-ends",
  "Beyond its quota a key is answered with 429 and Retry-After",
  [],
  ["asvs:v5.0.0-2.4.1", "cwe:770", "req:KEY-1"],
  async (context) => {
    const { tiers, defaultTier } = context.policy;
    const limit = tiers.find(({ name }) => name === defaultTier)?.requestsLimit ?? Infinity;
    if (limit > LARGEST) return unknown(`would take ${limit} requests; seen only where a tier has fewer`);
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    for (let used = 1; used <= limit; used++) {
      const { status } = (await useKey(context, key.text, route.path)).response;
      if (!isAccepted(status)) return fail(`request ${used} of ${limit} answers ${status}`, "2xx");
    }
    const { response } = await useKey(context, key.text, route.path);
    const wait = Number(headerOf(response, "retry-after") ?? NaN);
    return response.status === 429 && wait > 0
      ? pass(`request ${limit + 1}: 429, Retry-After ${wait}`)
      : fail(`request ${limit + 1}: ${response.status}, Retry-After ${wait}`, "429 with Retry-After");
  },
);

export const apiKeyControls: RoomControls<Policy> = {
  controls: [
    byScope,
    typo,
    revoked,
    noAccountRoutes,
    shownOnce,
    scopes,
    quota,
    beyond,
    perAccount,
    lifetime,
    expires,
    dies,
  ],
  unprovable: [
    {
      leaf: "staleAfterSeconds",
      reason: "only sorts a report that administrators see; no request is answered differently by it",
    },
  ],
};
