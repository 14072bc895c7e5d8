/** B makes something: with a reference to what is A's, and into A's tenant. */
import type { Exchange, TargetRoute } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { tellsApart } from "./answers.ts";
import type { Body } from "./bodies.ts";
import { discover } from "./bodies.ts";
import type { Walk } from "./by-id.ts";
import { madeUp } from "./ids.ts";
import { type Party, spoofs } from "./party.ts";
import { inFile, inJson, type Payload } from "./payload.ts";
import { held, type Judgement, leak, unseen } from "./result.ts";
import { has, placesOf } from "./routes.ts";

export async function intoTenant(walk: Walk, { path }: TargetRoute): Promise<Judgement> {
  const { a, b, harvest, routes } = walk;
  const made = harvest.made.get(path);
  if (made === undefined) return unseen("nothing was made there");
  if (!isAccepted(made.status))
    return unseen(`A is answered with ${made.status}: no body was found that it takes`);
  const referred = await byReference(walk, path, made.body);
  if (referred !== undefined && referred.outcome === "fail") return referred;
  // Where nothing can be looked at afterwards B makes one of its own, to try A's things in it.
  const isListed = has(routes, "GET", path);
  const tries: readonly Try[] = [{ extra: {}, headers: {} }, ...(isListed ? waysInto(walk) : [])];
  let accepted = 0;
  let last: Exchange | undefined;
  for (const { extra, headers } of tries) {
    const hints = { ...harvest.hints(b, path), marker: b.marker, idsFor: () => [] };
    const send = ({ request }: Payload) =>
      b.send({ method: "POST", path, ...request, headers: { ...headers, ...request.headers } });
    const exchange =
      made.file === undefined
        ? (
            await discover((json) => send(inJson(json)), hints, {
              ...retold(made.body, a, b, hints.place),
              ...extra,
            })
          ).exchange
        : await send(inFile(made.file, b.marker, hints.place));
    harvest.note(b, path, exchange);
    if (!isAccepted(exchange.response.status)) continue;
    accepted += 1;
    if (!isListed) continue;
    const list = await a.send({ path });
    if (list.response.body.includes(b.marker.word)) return leak("what B has made is in A's list", exchange);
    last = exchange;
  }
  if (last !== undefined) return held(`made by B ${accepted} times, and never in A's list`, last);
  return (
    referred ?? unseen(accepted > 0 ? "there is no list to look at afterwards" : "B's own is refused too")
  );
}

interface Try {
  readonly extra: Body;
  readonly headers: Readonly<Record<string, string>>;
}

const waysInto = ({ a, harvest, headerNames }: Walk): readonly Try[] => [
  ...spoofs(headerNames, a, harvest.userId).map((headers) => ({ extra: {}, headers })),
  ...["tenant_id", "tenantId"].map((name) => ({ extra: { [name]: a.tenantId }, headers: {} })),
];

/** B's words in the place of A's; `refer` names another thing in the place of one. */
export function retold(
  body: Body,
  a: Party,
  b: Party,
  place: number,
  refer: { readonly from: string; readonly to: string } = { from: "", to: "" },
): Body {
  const text = JSON.stringify(body)
    .replaceAll(a.marker.word, b.marker.word)
    .replaceAll(a.marker.other, `${b.marker.other}${place}`)
    .replaceAll(`"${refer.from}"`, `"${refer.to}"`);
  const told: unknown = JSON.parse(text);
  return typeof told === "object" && told !== null ? { ...told } : {};
}

/** B puts what is A's into something of B's own: a link from B's concept to A's. */
export async function fromOwn(walk: Walk, route: TargetRoute): Promise<Judgement | undefined> {
  const { b, harvest } = walk;
  const made = harvest.made.get(route.path);
  const place = placesOf(route.path).at(-1);
  if (place === undefined || made === undefined || !isAccepted(made.status)) return undefined;
  const own = harvest.notedOf(b, place.prefix).at(-1);
  if (own === undefined) return undefined;
  return byReference(walk, own + route.path.slice(place.prefix.length), made.body);
}

/** A body that names things of A: taken from A, it must be refused to B as one that names nothing. */
async function byReference(
  { a, b, harvest }: Walk,
  path: string,
  body: Body,
): Promise<Judgement | undefined> {
  const said = JSON.stringify(body);
  const ids = harvest.places
    .flatMap(({ prefix }) => harvest.at(prefix))
    .filter(({ shared }) => !shared)
    .map(({ id }) => id);
  const id = [...ids, a.tenantId, harvest.userId].find(
    (one) => one !== undefined && said.includes(`"${one}"`),
  );
  if (id === undefined) return undefined;
  const ask = async (other: string) => {
    const json: unknown = JSON.parse(said.replaceAll(`"${id}"`, `"${other}"`));
    return b.send({ method: "POST", path, json });
  };
  const exchange = await ask(id);
  if (isAccepted(exchange.response.status))
    return leak("B makes something that refers to what is A's", exchange);
  const [one, two] = [madeUp(id), madeUp(id)];
  const difference = tellsApart(
    { exchange, id },
    { exchange: await ask(one), id: one },
    { exchange: await ask(two), id: two },
  );
  return difference === undefined
    ? held(
        `a reference to what is A's is refused like one to nothing (${exchange.response.status})`,
        exchange,
      )
    : leak(`B can tell A's id in a body from nobody's: ${difference}`, exchange);
}
