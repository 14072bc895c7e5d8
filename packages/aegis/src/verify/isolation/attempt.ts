/** One thing of A's, tried by B on one route; and then by A, which shows whether B's refusal meant something. */
import type { Exchange, TargetRoute, WireRequest } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { shownIn, tellsApart, type Thing } from "./answers.ts";
import { type Body, discover } from "./bodies.ts";
import type { Walk } from "./by-id.ts";
import type { Resource } from "./harvest.ts";
import { madeUp } from "./ids.ts";
import { type Party, spoofs } from "./party.ts";
import { inFile, inJson, type Payload } from "./payload.ts";
import { held, type Judgement, leak, nothing, result, type Result, unseen } from "./result.ts";
import { placesOf } from "./routes.ts";
import { changeOf, condition, type Seen, witness } from "./witness.ts";
import { retold } from "./writes.ts";

export type Attempt = {
  readonly route: TargetRoute;
  readonly resource: Resource;
  readonly payload: Payload | undefined;
  readonly answer: Exchange;
};
/** Settled, or still in need of A's own try, which shows that the refusal meant something. */
export type Tried =
  | { readonly leaks: readonly Result[] }
  | { readonly attempt: Attempt }
  | { readonly open: Judgement };

export const changes = ({ method }: TargetRoute): boolean => method !== "GET";

export async function tryResource(walk: Walk, route: TargetRoute, resource: Resource): Promise<Tried> {
  const { a, b, harvest } = walk;
  const things = harvest.thingsOf(a);
  const before = changes(route) ? await witness(walk, resource) : undefined;
  const again = changes(route) ? await witness(walk, resource) : undefined;
  const own = pathOf(route, resource);
  const at = (path: string, payload?: Payload, headers: Readonly<Record<string, string>> = {}) => ({
    method: route.method,
    path,
    ...payload?.request,
    headers: { ...condition(before), ...payload?.request.headers, ...headers },
  });
  const { payload, answer } =
    changes(route) && route.method !== "DELETE"
      ? await withPayload(walk, route, resource, before, (sent) => b.send(at(own, sent)))
      : { payload: undefined, answer: await b.send(at(own)) };
  const request = (path: string, headers: Readonly<Record<string, string>> = {}): WireRequest =>
    at(path, payload, headers);
  const others: [string, Exchange][] = [];
  for (let count = 0; count < 2; count++) {
    const id = madeUp(resource.id);
    others.push([id, await b.send(request(pathOf(route, resource, id)))]);
  }
  const found = judge(route, resource.id, answer, others, things, payload);
  const leaks = found === undefined ? [] : [found];
  for (const headers of spoofs(walk.headerNames, a, harvest.userId)) {
    const spoofed = await b.send(request(own, headers));
    const likewise: [string, Exchange][] = [];
    for (const [id] of others)
      likewise.push([id, await b.send(request(pathOf(route, resource, id), headers))]);
    const worse = judge(route, resource.id, spoofed, likewise, things, payload);
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
  return leaks.length > 0 ? { leaks } : { attempt: { route, resource, payload, answer } };
}

function judge(
  route: TargetRoute,
  id: string,
  answer: Exchange,
  [one, two]: readonly [string, Exchange][],
  things: readonly Thing[],
  payload: Payload | undefined,
): Result | undefined {
  if (one === undefined || two === undefined) return undefined;
  const { status } = answer.response;
  const thing = shownIn(answer, things, payload?.said);
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
export async function asOwner(walk: Walk, { route, resource, payload, answer }: Attempt): Promise<Judgement> {
  const { a, harvest } = walk;
  await a.wake();
  const headers = changes(route) ? condition(await witness(walk, resource)) : {};
  const request = (path: string): WireRequest => ({
    method: route.method,
    path,
    ...payload?.request,
    headers: { ...headers, ...payload?.request.headers },
  });
  const { status: ofB } = answer.response;
  const [one, two] = [madeUp(resource.id), madeUp(resource.id)];
  const [first, second] = [
    await a.send(request(pathOf(route, resource, one))),
    await a.send(request(pathOf(route, resource, two))),
  ];
  const own = await a.send(request(pathOf(route, resource)));
  const { status } = own.response;
  if (route.method === "POST") harvest.note(a, route.path, own);
  const difference = tellsApart(
    { exchange: own, id: resource.id },
    { exchange: first, id: one },
    { exchange: second, id: two },
  );
  if (difference !== undefined) return held(`A is answered ${status}, B ${ofB} as for a made-up id`, answer);
  if (status === ofB && status === 403) return nothing("neither account may use it (403)");
  if (isAccepted(status)) return nothing(`the same answer whatever the id (${status})`);
  return unseen(`A's own id is answered like a made-up one (${status}), so B's ${ofB} shows nothing`);
}

/** The route's path with a resource's in the place of its parameters; with another id in that place. */
export function pathOf(route: TargetRoute, resource: Resource, id = resource.id): string {
  const prefix = placesOf(route.path).at(-1)?.prefix ?? "";
  return `${resource.head}/${encodeURIComponent(id)}${route.path.slice(prefix.length)}`;
}

/** What B sends: a file where the route takes files, what A has sent there, or a change of what A has; found by trying. */
async function withPayload(
  { a, b, harvest }: Walk,
  route: TargetRoute,
  resource: Resource,
  before: Seen | undefined,
  send: (payload: Payload) => Promise<Exchange>,
): Promise<{ readonly payload: Payload; readonly answer: Exchange }> {
  const hints = { ...harvest.hints(a, resource.head, [resource.id]), marker: b.marker };
  const made = harvest.made.get(route.path);
  if (made?.file !== undefined) {
    const payload = inFile(made.file, b.marker, hints.place);
    return { payload, answer: await send(payload) };
  }
  const described = harvest.described(route.method, route.path, hints);
  let start: Body = Object.keys(described).length > 0 ? described : textOf(resource.row, b);
  if (route.method === "PUT") start = { ...before?.whole, ...textOf(before?.whole ?? resource.row, b) };
  if (route.method === "POST" && made !== undefined && isAccepted(made.status)) {
    const { prefix = "" } = placesOf(route.path).at(-1) ?? {};
    const other = harvest.at(prefix).find(({ id, shared }) => !shared && id !== resource.id);
    // Made for another of A's things: what refers to this one would refer to itself.
    start = retold(made.body, a, b, hints.place, { from: resource.id, to: other?.id ?? resource.id });
  } else if (route.method === "POST") start = described;
  const { body, exchange } = await discover((json) => send(inJson(json)), hints, start);
  return { payload: inJson(body), answer: exchange };
}

const NO_TEXT = /(^|_)(id|at|by|type|kind|role|status|state|scope|email|url|slug|key)$|Id$|At$/i;

/** A change of the first text that is shown. */
function textOf(row: Body, b: Party): Body {
  const field = Object.entries(row).find(
    ([key, value]) => typeof value === "string" && !NO_TEXT.test(key),
  )?.[0];
  return field === undefined ? {} : { [field]: `Probe ${b.marker.word} ${b.marker.other}` };
}
