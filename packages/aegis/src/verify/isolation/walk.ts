/** Walks every route as B, with A's ids, words and cursors. Ends in bounded time, and says what it has not seen. */
import type { TargetDescription, TargetRoute } from "../../control.ts";
import { WireError } from "../wire/connection.ts";
import { headerOf } from "../wire/header.ts";
import { byId, type Walk } from "./by-id.ts";
import { grown } from "./counts.ts";
import { Harvest } from "./harvest.ts";
import { inList, inSearch } from "./lists.ts";
import { budget, guard, type Party, party, type Side, WalkOver } from "./party.ts";
import { type Aspect, type Judgement, nothing, result, type Result, unseen } from "./result.ts";
import { hasParameter, isGuarded, isSearch, isWildcard } from "./routes.ts";
import { fromOwn, intoTenant } from "./writes.ts";

export interface WalkOptions {
  readonly a: Side;
  readonly b: Side;
  readonly target: TargetDescription;
  readonly headerNames: readonly string[];
}

export interface Walked {
  readonly results: readonly Result[];
  /** Why it ended before it was done. */
  readonly cut?: string;
}

/** Enough for a page of one row to have a next. */
const MADE = 2;

export async function walkIsolation({
  a: first,
  b: second,
  target,
  headerNames,
}: WalkOptions): Promise<Walked> {
  const spend = budget();
  const [a, b] = [party(first, target, spend), party(second, target, spend)];
  const all = target.routes ?? [];
  const routes = all.filter((route) => isGuarded(route) && !isWildcard(route));
  const results: Result[] = [];
  const harvest = new Harvest(target);
  const walk: Walk = { a, b, harvest, routes, headerNames };
  const flat = routes.filter((route) => !hasParameter(route));
  const lists = flat.filter(({ method, path }) => method === "GET" && !isStream(path));
  let cut: string | undefined;
  try {
    await harvest.meet(a);
    const counts = await grown(b, lists, () => harvest.gather(a, b, MADE));
    for (const route of lists) {
      const judgement = await guard(() => inList(walk, route), unseen);
      const counted = judgement.outcome === "fail" ? undefined : counts.get(route.path); // rows say more than numbers
      results.push(result(route, "in-lists", counted ?? judgement));
    }
    for (const route of flat.filter(isSearch))
      results.push(result(route, "in-lists", await guard(() => inSearch(walk, route), unseen)));
    for (const route of flat.filter(({ method, path }) => method === "POST" && harvest.made.has(path)))
      results.push(result(route, "by-id", await guard(() => intoTenant(walk, route), unseen)));
    for (const route of routes.filter((one) => one.method === "POST" && hasParameter(one))) {
      const judgement = await guard(() => fromOwn(walk, route), unseen);
      if (judgement !== undefined) results.push(result(route, "by-id", judgement));
    }
    for await (const one of byId(walk, routes.filter(hasParameter))) results.push(one);
  } catch (error) {
    if (!(error instanceof WalkOver) && !(error instanceof WireError)) throw error;
    cut = error.message;
  }
  spend.extend();
  await clean(walk, target.logout).catch(() => undefined); // what could not be tidied up is throw-away, and named like it
  const done = new Set(results.map(({ method, path }) => `${method} ${path}`));
  for (const route of all)
    if (route.method !== "HEAD" && !done.has(`${route.method} ${route.path}`))
      for (const [aspect, judgement] of left(route, cut)) results.push(result(route, aspect, judgement));
  return { results, ...(cut === undefined ? {} : { cut }) };
}

/** Answers without end are no lists. */
const isStream = (path: string): boolean => /\/(stream|sse|ws|live)$/.test(path);

function left(route: TargetRoute, cut: string | undefined): readonly (readonly [Aspect, Judgement])[] {
  const aspect: Aspect = hasParameter(route) ? "by-id" : "in-lists";
  if (!isGuarded(route)) return [[aspect, nothing("open to everybody")]];
  if (isWildcard(route)) return [[aspect, nothing("files, not rows")]];
  if (route.method === "GET" && isStream(route.path))
    return [[aspect, unseen("an answer without end is not read")]];
  if (!hasParameter(route) && route.method !== "GET" && !isSearch(route))
    return [[aspect, nothing("takes no id in its path; not called, as it may change the account itself")]];
  return [[aspect, unseen(`the walk ended before it: ${cut ?? "not reached"}`)]];
}

/** In tenants that are not the run's own, what it has made is taken away again. */
async function clean({ a, b, harvest, routes }: Walk, logout: TargetDescription["logout"]): Promise<void> {
  if (a.own && b.own) return;
  for (const place of harvest.places.toReversed()) {
    const { prefix } = place;
    if (!routes.some(({ method, path }) => method === "DELETE" && path === prefix)) continue;
    const made = harvest.at(prefix).flatMap((one) => (one.made ? [one.path] : []));
    for (const [who, other, known] of [
      [a, b, [...made, ...harvest.notedOf(a, prefix)]],
      [b, a, harvest.notedOf(b, prefix)],
    ] as const) {
      if (who.own) continue;
      for (const path of new Set([...known, ...(await harvest.leftOf(who, other, place))]))
        await remove(who, path);
    }
  }
  for (const who of [a, b]) if (!who.own && logout !== undefined) await who.visitor.call(logout);
}

/** 428, 412: what asks for the state that is meant is told it. */
async function remove(who: Party, path: string): Promise<void> {
  const { status } = (await who.send({ method: "DELETE", path })).response;
  if (status !== 428 && status !== 412) return;
  const tag = headerOf((await who.send({ path })).response, "etag");
  if (tag !== undefined) await who.send({ method: "DELETE", path, headers: { "if-match": tag } });
}
