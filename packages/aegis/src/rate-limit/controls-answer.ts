/** What the answers say: the fields on every one, and when to come again on a refusal. */
import { type Control, fail, notApplicable, pass, type ProbeContext, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { cannotWait, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import { limitItems, rateOf, retryAfterOf, someIpv4, useUp } from "../verify/wire/limits.ts";
import type { RateLimitPolicy } from "./policy.ts";

type Policy = DeepReadonly<RateLimitPolicy>;
type Context = ProbeContext<Policy>;

const login = (context: Context) => {
  const [call, rate] = [context.target.limits?.["login"], rateOf(context.policy.limits.login)];
  return call === undefined || rate === undefined ? undefined : { name: "login", call, rate };
};

export const fields: Control<Policy> = {
  id: "rateLimit.fields",
  claim: "Answers say how much of the limit is left, in the fields that the policy names",
  proves: ["headers"],
  references: ["req:LIM-3", "rfc:9651-3"],
  advice: {
    symptom: "Clients that mean well run into limits because they cannot see them.",
    cause: "rateLimit.headers names fewer fields, or a proxy takes them away.",
    fix: "Set rateLimit.headers; let the proxy pass them on.",
  },
  slow: true,
  async probe(context) {
    const { headers, limits } = context.policy;
    const [call, rate] = [context.target.limits?.["read"], rateOf(limits.read)];
    if (headers.length === 0) return notApplicable("the policy names no fields");
    if (call === undefined || rate === undefined)
      return notDescribed('which call takes from the limit "read" (limits)');
    const client = context.stranger(someIpv4());
    const [first, second] = [await client.send(requestOf(call)), await client.send(requestOf(call))];
    const left: number[] = [];
    for (const { response } of [first, second]) {
      const get = (name: string): string => headerOf(response, name) ?? "";
      if (headers.includes("rateLimit")) {
        const policy = limitItems(get("ratelimit-policy"))?.get("read");
        const state = limitItems(get("ratelimit"))?.get("read");
        const [remaining, seconds] = [state?.get("r"), state?.get("t")];
        if (policy?.get("q") !== rate.amount || policy.get("w") !== rate.seconds)
          return fail(
            `RateLimit-Policy: ${get("ratelimit-policy") || "none"}`,
            `"read";q=${rate.amount};w=${rate.seconds}`,
          );
        if (remaining === undefined || seconds === undefined || seconds < 0 || seconds > rate.seconds)
          return fail(`RateLimit: ${get("ratelimit") || "none"}`, `"read" with r and t`);
        left.push(remaining);
      }
      if (headers.includes("legacy")) {
        const [most, remaining, reset] = ["limit", "remaining", "reset"].map((name) =>
          get(`x-ratelimit-${name}`),
        );
        if (most !== String(rate.amount) || !/^\d+$/.test(remaining ?? "") || !/^\d{9,11}$/.test(reset ?? ""))
          return fail(
            `X-RateLimit-Limit: ${most || "none"}, -Remaining: ${remaining || "none"}, -Reset: ${reset || "none"}`,
            `${rate.amount}, a number, a time in seconds`,
          );
        if (!headers.includes("rateLimit")) left.push(Number(remaining));
      }
    }
    const [before = Number.NaN, after = Number.NaN] = left;
    if (after < before) return pass(`${before} left, then ${after}`);
    // Over time something comes back; a number that is always the whole counts nothing.
    return after === rate.amount
      ? fail(`${before} left, then ${after}`, "one less")
      : unknown(`${before} left, then ${after}: the limit was in use`);
  },
};

export const saysWhen: Control<Policy> = {
  id: "rateLimit.says-when",
  claim:
    "A refusal says when to come again, in the rhythm of the declared algorithm; then, and not before, it is open",
  proves: ["algorithm"],
  references: ["rfc:6585-4", "rfc:9110-10.2.3", "req:LIM-3"],
  advice: {
    symptom: "Clients ask again at once, or wait for nothing.",
    cause: "429 comes without Retry-After, or the server counts by another algorithm than the policy says.",
    fix: "Set rateLimit.algorithm; let the proxy pass Retry-After on.",
  },
  slow: true,
  async probe(context) {
    const limit = login(context);
    if (limit === undefined) return notDescribed('which call takes from the limit "login" (limits)');
    const client = context.stranger(someIpv4());
    const { refusal, broken } = await useUp(context, limit, client);
    if (broken !== undefined) return unknown(`${limit.call.path} answers ${broken.response.status}`);
    if (refusal === undefined) return fail("never refused", "429");
    const wait = retryAfterOf(refusal);
    if (wait === undefined) return fail("429 without Retry-After in seconds", "Retry-After");
    const { amount, seconds } = limit.rate;
    const evenly = Math.ceil(seconds / amount);
    if (context.policy.algorithm === "gcra" && wait > evenly)
      return fail(`Retry-After: ${wait}`, `${evenly} at the most: one comes back each ${seconds / amount} s`);
    if (wait > seconds) return fail(`Retry-After: ${wait}`, `${seconds} at the most`);
    if (wait > 1 && !(await context.time.pass(wait - 1))) return cannotWait(wait + 1);
    if (wait > 1 && (await client.send(requestOf(limit.call))).response.status !== 429)
      return fail(`open after ${wait - 1} s`, `429 until ${wait} s have gone by`);
    if (!(await context.time.pass(2))) return cannotWait(wait + 1);
    const { status } = (await client.send(requestOf(limit.call))).response;
    if (status === 429) return fail(`429 after ${wait + 1} s`, `open after ${wait} s`);
    if (context.policy.algorithm === "fixed-window") {
      const again = (await client.send(requestOf(limit.call))).response.status;
      if (amount > 1 && again === 429) return fail("one, then 429 again", "a new window with all of it");
    }
    return pass(`refused for ${wait} s, as it said, and open then`);
  },
};
