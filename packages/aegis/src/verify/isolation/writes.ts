/** B makes something: with a reference to what is A's, and into A's tenant. */
import type { TargetRoute } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { tellsApart } from "./answers.ts";
import type { Body } from "./bodies.ts";
import { discover } from "./bodies.ts";
import type { Walk } from "./by-id.ts";
import { madeUp } from "./ids.ts";
import { spoofs } from "./party.ts";
import { held, type Judgement, leak, unseen } from "./result.ts";
import { has } from "./routes.ts";

export async function intoTenant(walk: Walk, route: TargetRoute): Promise<Judgement> {
  const { a, b, harvest, routes } = walk;
  const { path } = route;
  const made = harvest.made.get(path);
  if (made === undefined) return unseen("nothing was made there");
  if (!isAccepted(made.status))
    return unseen(`A is answered with ${made.status}: no body was found that it takes`);
  const referred = await byReference(walk, route, made.body);
  if (referred !== undefined && referred.outcome === "fail") return referred;
  if (!has(routes, "GET", path)) return referred ?? unseen("there is no list to look at afterwards");
  let accepted = 0;
  for (const extra of [{}, { tenant_id: a.tenantId }, { tenantId: a.tenantId }])
    for (const headers of Object.keys(extra).length === 0
      ? [{}, ...spoofs(walk.headerNames, a, harvest.userId)]
      : [{}]) {
      const hints = { ...harvest.hints(b, path), marker: b.marker, idsFor: () => [] };
      const body: Body = { ...retold(made.body, walk, hints.place), ...extra };
      const { exchange } = await discover(
        (json) => b.send({ method: "POST", path, json, headers }),
        hints,
        body,
      );
      if (!isAccepted(exchange.response.status)) continue;
      accepted += 1;
      const list = await a.send({ path });
      if (list.response.body.includes(b.marker.word)) return leak("what B has made is in A's list", exchange);
    }
  if (accepted > 0) return held(`made by B ${accepted} times, and never in A's list`);
  return referred ?? unseen("B's own is refused too");
}

/** B's words in the place of A's. */
function retold(body: Body, { a, b }: Walk, place: number): Body {
  const text = JSON.stringify(body)
    .replaceAll(a.marker.word, b.marker.word)
    .replaceAll(a.marker.other, `${b.marker.other}${place}`);
  const told: unknown = JSON.parse(text);
  return typeof told === "object" && told !== null ? { ...told } : {};
}

/** A body that names things of A: taken from A, it must be refused to B as one that names nothing. */
async function byReference(
  { a, b, harvest }: Walk,
  { path }: TargetRoute,
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
    ? held(`a reference to what is A's is refused like one to nothing (${exchange.response.status})`)
    : leak(`B can tell A's id in a body from nobody's: ${difference}`, exchange);
}
