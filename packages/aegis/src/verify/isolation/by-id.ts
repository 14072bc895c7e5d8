/** B asks for what is A's by its id: to read it, to change it, to delete it, to do something with it. */
import type { Exchange, TargetRoute, WireRequest } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { shownIn, tellsApart, type Thing } from "./answers.ts";
import { type Body, discover } from "./bodies.ts";
import type { Harvest, Resource } from "./harvest.ts";
import { madeUp } from "./ids.ts";
import { guard, type Party, spoofs } from "./party.ts";
import { held, type Judgement, leak, nothing, result, type Result, unseen } from "./result.ts";
import { placesOf } from "./routes.ts";
import { changeOf, condition, witness } from "./witness.ts";

export interface Walk {
  readonly a: Party;
  readonly b: Party;
  readonly harvest: Harvest;
  readonly routes: readonly TargetRoute[];
  /** Names of headers that say who is asking. */
  readonly headerNames: readonly string[];
}

type Attempt = {
  readonly route: TargetRoute;
  readonly resource: Resource;
  readonly body: Body | undefined;
  readonly answer: Exchange;
};
/** Settled, or still in need of A's own try, which shows that the refusal meant something. */
type Tried =
  | { readonly leaks: readonly Result[] }
  | { readonly attempt: Attempt }
  | { readonly open: Judgement };

const READS = 2;
const changes = ({ method }: TargetRoute): boolean => method !== "GET";
/** What takes away comes last, or there is nothing left to try the others on. */
const ORDER: Readonly<Record<string, number>> = { GET: 0, PUT: 1, PATCH: 1, POST: 2, DELETE: 3 };

export async function* byId(walk: Walk, routes: readonly TargetRoute[]): AsyncGenerator<Result> {
  const order = routes.toSorted((x, y) => (ORDER[x.method] ?? 2) - (ORDER[y.method] ?? 2));
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

/** Where A has no such thing, ids that A does have: of the account and of the tenant. */
function stand({ a, harvest }: Walk, head: string, route: TargetRoute): readonly Resource[] {
  if (changes(route) && !a.own) return [];
  if (head.includes("/:")) return [];
  return [harvest.userId, a.tenantId]
    .filter((id) => id !== undefined)
    .map((id) => ({ path: `${head}/${id}`, head, id, made: a.own, shared: false, row: {} }));
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

async function tryResource(walk: Walk, route: TargetRoute, resource: Resource): Promise<Tried> {
  const { a, b, harvest } = walk;
  const things = harvest.thingsOf(a);
  const before = changes(route) ? await witness(walk, resource) : undefined;
  const again = changes(route) ? await witness(walk, resource) : undefined;
  let body: Body | undefined;
  const request = (path: string, headers: Readonly<Record<string, string>> = {}): WireRequest => ({
    method: route.method,
    path,
    headers: { ...condition(before), ...headers },
    ...(body === undefined ? {} : { json: body }),
  });
  const own = pathOf(route, resource);
  let answer: Exchange;
  if (changes(route) && route.method !== "DELETE") {
    const hints = { ...harvest.hints(a, resource.head), marker: b.marker };
    const described = harvest.described(route.method, route.path, hints);
    const first = route.method === "POST" ? {} : textOf(resource, b);
    const found = await discover(
      (json) => b.send({ ...request(own), json }),
      hints,
      Object.keys(described).length > 0 ? described : first,
    );
    ({ body, exchange: answer } = found);
  } else answer = await b.send(request(own));
  const others: [string, Exchange][] = [];
  for (let count = 0; count < 2; count++) {
    const id = madeUp(resource.id);
    others.push([id, await b.send(request(pathOf(route, resource, id)))]);
  }
  const found = judge(route, resource.id, answer, others, things, body);
  const leaks = found === undefined ? [] : [found];
  for (const headers of spoofs(walk.headerNames, a, harvest.userId)) {
    const spoofed = await b.send(request(own, headers));
    const likewise: [string, Exchange][] = [];
    for (const [id] of others)
      likewise.push([id, await b.send(request(pathOf(route, resource, id), headers))]);
    const worse = judge(route, resource.id, spoofed, likewise, things, body);
    if (worse !== undefined && found === undefined)
      leaks.push({
        ...worse,
        observed: `${worse.observed}, with ${Object.keys(headers).slice(0, 3).join(", ")}`,
      });
  }
  if (!changes(route)) {
    for (const name of ["tenant_id", "tenant", "customer_id", "user_id"]) {
      const value = name === "user_id" ? (harvest.userId ?? a.visitor.username) : a.tenantId;
      const exchange = await b.send(request(`${own}?${name}=${encodeURIComponent(value)}`));
      const thing = isAccepted(exchange.response.status) ? shownIn(exchange, things) : undefined;
      if (thing !== undefined && leaks.length === 0)
        leaks.push(result(route, "by-id", leak(`B is shown ${thing.what} with ?${name}=`, exchange)));
    }
  }
  const after = before === undefined ? undefined : await witness(walk, resource);
  const changed =
    before === undefined || after === undefined ? undefined : changeOf(before, again ?? before, after);
  if (changed !== undefined)
    leaks.push(
      result(
        route,
        "by-id",
        leak(`what is A's has changed after B's try (${answer.response.status}): ${changed}`, answer),
      ),
    );
  return leaks.length > 0 ? { leaks } : { attempt: { route, resource, body, answer } };
}

function judge(
  route: TargetRoute,
  id: string,
  answer: Exchange,
  [one, two]: readonly [string, Exchange][],
  things: readonly Thing[],
  body: Body | undefined,
): Result | undefined {
  if (one === undefined || two === undefined) return undefined;
  const { status } = answer.response;
  const thing = shownIn(answer, things, JSON.stringify(body ?? {}));
  const refused = one[1].response.status;
  if (thing !== undefined)
    return result(
      route,
      isAccepted(status) ? "by-id" : "told-apart",
      leak(`B is shown ${thing.what} (${status})`, answer),
    );
  if (isAccepted(status) && !isAccepted(refused))
    return result(
      route,
      "by-id",
      leak(`B is answered ${status} for A's id, and ${refused} for a made-up one`, answer),
    );
  const difference = tellsApart(
    { exchange: answer, id },
    { id: one[0], exchange: one[1] },
    { id: two[0], exchange: two[1] },
  );
  if (difference === undefined) return undefined;
  return result(
    route,
    isAccepted(status) ? "by-id" : "told-apart",
    leak(`B can tell A's id from nobody's: ${difference}`, answer),
  );
}

/** A does the same: unless A's own id is answered otherwise than nobody's, B's refusal shows nothing. */
async function asOwner(walk: Walk, { route, resource, body, answer }: Attempt): Promise<Judgement> {
  const { a } = walk;
  await a.wake();
  const headers = changes(route) ? condition(await witness(walk, resource)) : {};
  const request = (path: string): WireRequest => ({
    method: route.method,
    path,
    headers,
    ...(body === undefined ? {} : { json: body }),
  });
  const { status: ofB } = answer.response;
  const [one, two] = [madeUp(resource.id), madeUp(resource.id)];
  const [first, second] = [
    await a.send(request(pathOf(route, resource, one))),
    await a.send(request(pathOf(route, resource, two))),
  ];
  const own = await a.send(request(pathOf(route, resource)));
  const { status } = own.response;
  const difference = tellsApart(
    { exchange: own, id: resource.id },
    { exchange: first, id: one },
    { exchange: second, id: two },
  );
  if (difference !== undefined) return held(`A is answered ${status}, B ${ofB} as for a made-up id`);
  if (status === ofB && status === 403) return nothing("neither account may use it (403)");
  if (isAccepted(status)) return nothing(`the same answer whatever the id (${status})`);
  return unseen(`A's own id is answered like a made-up one (${status}), so B's ${ofB} shows nothing`);
}

/** The route's path with a resource's in the place of its parameters; with another id in that place. */
function pathOf(route: TargetRoute, resource: Resource, id = resource.id): string {
  const prefix = placesOf(route.path).at(-1)?.prefix ?? "";
  return `${resource.head}/${encodeURIComponent(id)}${route.path.slice(prefix.length)}`;
}

const NO_TEXT = /(^|_)(id|at|by|type|kind|role|status|state|scope|email|url|slug|key)$|Id$|At$/i;

/** A change of the first text that the resource shows. */
function textOf({ row }: Resource, b: Party): Body {
  const field = Object.entries(row).find(
    ([key, value]) => typeof value === "string" && !NO_TEXT.test(key),
  )?.[0];
  return field === undefined ? {} : { [field]: `Probe ${b.marker.word} ${b.marker.other}` };
}
