/** How many keys there may be, and how long they and their secrets live. */
import { type Control, fail, notApplicable, pass, unknown } from "../control.ts";
import { askForKey, makeKey, useKey } from "../verify/wire/api-keys.ts";
import { cannotWait, isAccepted, isRefused, notDescribed } from "../verify/wire/checks.ts";
import { fieldOf } from "../verify/wire/people.ts";
import { control, firstRoute, type Policy } from "./controls-shared.ts";

const MOST_KEYS = 25;

export const perAccount: Control<Policy> = control(
  "bounded-per-account",
  "An account has no more keys than declared",
  ["perAccountLimit"],
  ["asvs:v5.0.0-2.4.1", "req:KEY-1"],
  async (context) => {
    const { perAccountLimit: limit } = context.policy;
    if (context.target.credentials !== undefined)
      return unknown("would fill the described account; needs a target that can be registered at");
    if (limit > MOST_KEYS) return unknown(`would take ${limit} keys`);
    const { scope } = firstRoute(context);
    const key = await makeKey(context, [scope]);
    if (typeof key === "string") return unknown(key);
    for (let made = 2; made <= limit; made++) {
      const { status } = (await askForKey(key.keys, key.visitor, [scope])).response;
      if (!isAccepted(status)) return fail(`key ${made} of ${limit} is answered with ${status}`, "a key");
    }
    const { status } = (await askForKey(key.keys, key.visitor, [scope])).response;
    return isRefused(status)
      ? pass(`key ${limit + 1} is refused with ${status}`)
      : fail(`key ${limit + 1} is answered with ${status}`, "a refusal");
  },
);

export const lifetime: Control<Policy> = control(
  "lifetime-bounded",
  "No key can be had that lives longer than declared",
  ["longestLifetimeSeconds"],
  ["asvs:v5.0.0-13.3.4", "req:KEY-1"],
  async (context) => {
    const { longestLifetimeSeconds: longest } = context.policy;
    if (longest === 0) return notApplicable("keys may live for ever");
    if (context.target.apiKeys?.create.lifetimeField === undefined)
      return notDescribed("how long a key is to live (apiKeys.create.lifetimeField)");
    const { scope } = firstRoute(context);
    const key = await makeKey(context, [scope], longest);
    if (typeof key === "string") return fail(`for ${longest} s: ${key}`, "a key");
    const { status } = (await askForKey(key.keys, key.visitor, [scope], longest + 1)).response;
    return isRefused(status)
      ? pass(`one second more is refused with ${status}`)
      : fail(`one second more is answered with ${status}`, "a refusal");
  },
);

const BRIEF_SECONDS = 60;

export const expires: Control<Policy> = control(
  "expired-refused",
  "A key is refused when its time is over, and not before",
  [],
  ["asvs:v5.0.0-13.3.4", "req:KEY-1"],
  async (context) => {
    if (context.target.apiKeys?.create.lifetimeField === undefined)
      return notDescribed("how long a key is to live (apiKeys.create.lifetimeField)");
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope], BRIEF_SECONDS);
    if (typeof key === "string") return unknown(key);
    const before = (await useKey(context, key.text, route.path)).response.status;
    if (!isAccepted(before)) return unknown(`the key is answered with ${before} while it should be good`);
    if (!(await context.time.pass(BRIEF_SECONDS + 1))) return cannotWait(BRIEF_SECONDS + 1);
    const after = (await useKey(context, key.text, route.path)).response.status;
    return after === 401 ? pass(`401 after ${BRIEF_SECONDS + 1} s`) : fail(`${after} after its time`, "401");
  },
  { slow: true },
);

export const dies: Control<Policy> = control(
  "old-secret-dies",
  "After a rotation the old secret serves for the overlap and no longer; the new one stays",
  ["rotationOverlapSeconds"],
  ["asvs:v5.0.0-13.3.4", "req:KEY-1"],
  async (context) => {
    const { rotationOverlapSeconds: overlap } = context.policy;
    const rotate = context.target.apiKeys?.rotate;
    if (rotate === undefined) return notDescribed("how to rotate a key (apiKeys.rotate)");
    const route = firstRoute(context);
    const key = await makeKey(context, [route.scope]);
    if (typeof key === "string") return unknown(key);
    const rotated = await key.manage(rotate);
    const next = fieldOf(rotated, key.keys.create.keyField);
    if (!isAccepted(rotated.response.status) || typeof next !== "string" || next === key.text)
      return fail(`rotation is answered with ${rotated.response.status}`, "a new secret");
    const opens = async (text: string): Promise<boolean> =>
      isAccepted((await useKey(context, text, route.path)).response.status);
    if (!(await opens(next))) return fail("the new secret does not open", "2xx");
    if (overlap > 2) {
      if (!(await context.time.pass(overlap - 2))) return cannotWait(overlap + 1);
      if (!(await opens(key.text))) return fail(`the old secret is dead ${overlap - 2} s later`, "2xx");
    }
    if (!(await context.time.pass(overlap > 2 ? 3 : overlap + 1))) return cannotWait(overlap + 1);
    if (await opens(key.text)) return fail(`the old secret opens ${overlap + 1} s later`, "401");
    return (await opens(next))
      ? pass(`the old secret is refused ${overlap + 1} s later, the new one opens`)
      : fail("the new secret died with the old one", "2xx");
  },
  { slow: true },
);
