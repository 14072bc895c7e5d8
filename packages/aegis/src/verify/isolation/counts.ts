/** Numbers that B is shown, before and after A makes something: what grows with A's work tells B of it. */
import type { Exchange, TargetRoute } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { countsIn, jsonOf } from "./answers.ts";
import { guard, type Party } from "./party.ts";
import { type Judgement, leak } from "./result.ts";

type Look = ReadonlyMap<
  string,
  { readonly exchange: Exchange; readonly counts: ReadonlyMap<string, number> }
>;

async function look(b: Party, routes: readonly TargetRoute[]): Promise<Look> {
  const seen = new Map<string, { exchange: Exchange; counts: ReadonlyMap<string, number> }>();
  for (const { path } of routes) {
    const exchange = await guard(
      () => b.send({ path }),
      () => undefined,
    );
    if (exchange !== undefined && isAccepted(exchange.response.status))
      seen.set(path, { exchange, counts: countsIn(jsonOf(exchange)) });
  }
  return seen;
}

/**
 * Two looks with A's work between them, and two without: others work in B's tenant too, and B's own requests may be
 * counted. What grows more with A's work is looked at a second time before it is called a leak.
 */
export async function grown(
  b: Party,
  routes: readonly TargetRoute[],
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, Judgement>> {
  const first = await compare(b, routes, work);
  if (first.size === 0) return first;
  const suspects = routes.filter(({ path }) => first.has(path));
  const second = await compare(b, suspects, work);
  return new Map([...first].filter(([path]) => second.has(path)));
}

async function compare(b: Party, routes: readonly TargetRoute[], work: () => Promise<void>) {
  const [one, two] = [await look(b, routes), await look(b, routes)];
  await work();
  const three = await look(b, routes);
  const found = new Map<string, Judgement>();
  for (const [path, { exchange, counts }] of three)
    for (const [name, count] of counts) {
      const [before, between] = [one.get(path)?.counts.get(name), two.get(path)?.counts.get(name)];
      if (before === undefined || between === undefined) continue;
      if (count - between > between - before && between - before >= 0)
        found.set(
          path,
          leak(
            `${name} that B is told grows from ${between} to ${count} while A alone makes something`,
            exchange,
          ),
        );
    }
  return found;
}
