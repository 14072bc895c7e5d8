/** B asks for what is A's by its id: to read it, to change it, to delete it, to do something with it. */
import type { TargetRoute } from "../../control.ts";
import { shownIn } from "./answers.ts";
import { asOwner, type Attempt, changes, pathOf, type Tried, tryResource } from "./attempt.ts";
import type { Harvest, Resource } from "./harvest.ts";
import { guard, type Party } from "./party.ts";
import { type Judgement, leak, nothing, result, type Result, unseen } from "./result.ts";
import { placesOf } from "./routes.ts";

export interface Walk {
  readonly a: Party;
  readonly b: Party;
  readonly harvest: Harvest;
  readonly routes: readonly TargetRoute[];
  /** Names of headers that say who is asking. */
  readonly headerNames: readonly string[];
}

const READS = 2;
const ORDER: Readonly<Record<string, number>> = { GET: 0, PUT: 1, PATCH: 1, POST: 2, DELETE: 3 };
const MOST_PLACES = 10;
/** What takes away comes last, what stands inside before what it stands in: or there is nothing left to try the others on. */
const rank = ({ method, path }: TargetRoute): number =>
  (ORDER[method] ?? 2) * MOST_PLACES - (method === "DELETE" ? Math.min(placesOf(path).length, 9) : 0);

export async function* byId(walk: Walk, routes: readonly TargetRoute[]): AsyncGenerator<Result> {
  const order = routes.toSorted((x, y) => rank(x) - rank(y));
  const attempts: Attempt[] = [];
  for (const route of order) {
    const tried = await guard<Tried>(
      () => tryRoute(walk, route),
      (observed) => ({ open: unseen(observed) }),
    );
    if ("leaks" in tried) yield* tried.leaks;
    else if ("open" in tried)
      for (const aspect of ["by-id", "told-apart"] as const) yield result(route, aspect, tried.open);
    else attempts.push(tried.attempt);
  }
  for (const attempt of attempts) {
    const first = await guard(() => asOwner(walk, attempt), unseen);
    const again =
      first.outcome === "unknown"
        ? await guard(
            () => onceMore(walk, attempt),
            () => undefined,
          )
        : undefined;
    if (again !== undefined && "leaks" in again) {
      yield* again.leaks;
      continue;
    }
    const judgement = again === undefined ? first : await guard(() => asOwner(walk, again.attempt), unseen);
    for (const aspect of ["by-id", "told-apart"] as const) yield result(attempt.route, aspect, judgement);
  }
}

async function tryRoute(walk: Walk, route: TargetRoute): Promise<Tried> {
  const place = placesOf(route.path).at(-1);
  if (place === undefined) return { open: nothing("takes no id") };
  const all = walk.harvest.at(place.prefix);
  const own = all.filter(({ shared, made }) => !shared && (made || !changes(route)));
  const resources = own.length > 0 ? own : all.length === 0 ? stand(walk, place.head, route) : [];
  if (resources.length === 0)
    return {
      open: all.some(({ shared }) => !shared)
        ? unseen("what is there was not made by this run, so nothing is tried on it")
        : all.length > 0
          ? await ofBoth(walk, route, all)
          : unseen("A has nothing there that could be asked for"),
    };
  let last: Attempt | undefined;
  for (const resource of resources.slice(0, changes(route) ? 1 : READS)) {
    const tried = await tryResource(walk, route, resource);
    if (!("attempt" in tried)) return tried;
    last ??= tried.attempt;
  }
  return last === undefined ? { open: unseen("nothing was tried") } : { attempt: last };
}

/** Where A has no such thing, ids that A does have: of the account and of the tenant, or of what is called so elsewhere. */
function stand({ a, harvest }: Walk, head: string, route: TargetRoute): readonly Resource[] {
  if (changes(route) && (!a.own || head.includes("/:"))) return [];
  const { idsFor } = harvest.hints(a, head);
  const called = (parameter: string): string | undefined => idsFor(`${parameter}_id`)[0];
  const filled = head.replaceAll(/\/:(\w+)/g, (whole, name: string) => {
    const id = called(name);
    return id === undefined ? whole : `/${encodeURIComponent(id)}`;
  });
  if (filled.includes("/:")) return [];
  const last = filled === head ? undefined : called(placesOf(route.path).at(-1)?.parameter ?? "");
  return (last === undefined ? [harvest.userId, a.tenantId] : [last])
    .filter((id) => id !== undefined)
    .map((id) => ({ path: `${filled}/${id}`, head: filled, id, made: a.own, shared: false, row: {} }));
}

/** What was tried on may be gone by now with something else of A's: the same on another of its kind, if one can be made. */
async function onceMore(
  walk: Walk,
  { route, resource }: Attempt,
): Promise<Exclude<Tried, { open: Judgement }> | undefined> {
  const { prefix = "" } = placesOf(route.path).at(-1) ?? {};
  const known = new Set(walk.harvest.at(prefix).map(({ path }) => path));
  if (!known.has(resource.path)) return undefined;
  await walk.a.wake();
  await walk.harvest.gather(walk.a, walk.b, 1, prefix);
  const other = walk.harvest.at(prefix).find(({ path, made, shared }) => made && !shared && !known.has(path));
  if (other === undefined) return undefined;
  const tried = await tryResource(walk, route, other);
  return "open" in tried ? undefined : tried;
}

/** What both have in their lists may be read by both; what is A's may not be in it. */
async function ofBoth(
  { a, b, harvest }: Walk,
  route: TargetRoute,
  all: readonly Resource[],
): Promise<Judgement> {
  if (changes(route)) return nothing("both tenants have the same there; nothing is tried on it");
  const things = harvest.thingsOf(a);
  for (const resource of all.slice(0, READS)) {
    const exchange = await b.send({ path: pathOf(route, resource) });
    const thing = shownIn(exchange, things);
    if (thing !== undefined) return leak(`B is shown ${thing.what}`, exchange);
  }
  return nothing("both tenants have the same there, and it shows nothing of A's");
}
