/** What is A's, as A sees it: whether B's try has changed it, whatever B was answered. */
import { isRecord } from "../../lib/freeze.ts";
import { headerOf } from "../wire/header.ts";
import { jsonOf, leavesIn, rowsIn } from "./answers.ts";
import type { Walk } from "./by-id.ts";
import type { Resource } from "./harvest.ts";
import { idOf } from "./ids.ts";

export type Seen = {
  readonly status: number;
  readonly leaves: ReadonlyMap<string, unknown>;
  readonly tag?: string;
  /** All of it, where it has an address of its own. */
  readonly whole?: Readonly<Record<string, unknown>>;
};

/** The thing as A sees it: by its own address, in the list that it is in, or in the nearest thing above it. */
export async function witness({ a, routes }: Walk, resource: Resource): Promise<Seen | undefined> {
  const readable = (path: string): boolean =>
    routes.some((route) => route.method === "GET" && matches(route.path, path));
  if (readable(resource.path)) {
    const exchange = await a.send({ path: resource.path });
    const tag = headerOf(exchange.response, "etag");
    const json = jsonOf(exchange);
    return {
      status: exchange.response.status,
      leaves: leavesIn(json),
      ...(tag === undefined ? {} : { tag }),
      ...(isRecord(json) ? { whole: json } : {}),
    };
  }
  let above = resource.head;
  while (above.lastIndexOf("/") > 0 && !readable(above)) above = above.slice(0, above.lastIndexOf("/"));
  if (!readable(above)) return undefined;
  const exchange = await a.send({ path: above });
  const rows = rowsIn(jsonOf(exchange));
  const row = rows.find(
    ({ fields }) => idOf(fields, "id") === resource.id || Object.values(fields).includes(resource.id),
  );
  const inside = rows.find(({ fields }) => [...leavesIn(fields).values()].includes(resource.id));
  const found = row ?? inside;
  return { status: found === undefined ? 404 : exchange.response.status, leaves: leavesIn(found?.fields) };
}

const matches = (template: string, path: string): boolean => {
  const [one, two] = [template.split("/"), path.split("/")];
  return one.length === two.length && one.every((part, at) => part.startsWith(":") || part === two[at]);
};

/** What changes by itself (times, counters) differs between two looks before the try, or says so by its name. */
export function changeOf(before: Seen, again: Seen, after: Seen): string | undefined {
  if (before.status === again.status && again.status !== after.status)
    return `it was answered with ${before.status}, and is with ${after.status}`;
  for (const [path, value] of again.leaves)
    if (
      before.leaves.get(path) === value &&
      after.leaves.get(path) !== value &&
      !/seen|used|last|expires|count|requests|views/i.test(path)
    )
      return path;
  return undefined;
}

/** What a careful route demands of whoever changes something: the state that the change is meant for. */
export const condition = (seen: Seen | undefined): Readonly<Record<string, string>> =>
  seen?.tag === undefined ? {} : { "if-match": seen.tag };
