/** B looks for what is A's where no id is asked for: in lists, searches, filters, orders, cursors. */
import type { Exchange, TargetRoute, WireRequest } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { isAccepted } from "../wire/checks.ts";
import { headerOf } from "../wire/header.ts";
import { countsIn, jsonOf, rowsIn, shownIn, type Thing } from "./answers.ts";
import { discover } from "./bodies.ts";
import type { Walk } from "./by-id.ts";
import { newMarker, spoofs } from "./party.ts";
import { held, type Judgement, leak, nothing, unseen } from "./result.ts";

const SEARCHES = ["q", "query", "search", "filter", "name", "title", "term", "text"];
const SIZES = ["per_page", "page_size", "limit", "size"];
const SORTS = ["sort=created_at", "sort=-created_at", "sort=name", "order_by=id", "order=desc"];
const WIDER = ["all=true", "scope=all", "include=all"];
const CURSOR = /cursor|next|after|continu|page_?token/i;

export async function inList(walk: Walk, { path }: TargetRoute): Promise<Judgement> {
  const { a, b, harvest } = walk;
  const things = harvest.thingsOf(a);
  const own = await a.send({ path });
  const plain = await b.send({ path });
  const direct = shownIn(plain, things);
  if (direct !== undefined) return leak(`B is shown ${direct.what}`, plain);
  const { status } = own.response;
  if (!isAccepted(status))
    return status === plain.response.status && status === 403
      ? nothing("neither account may use it (403)")
      : unseen(`A is answered with ${status}`);
  const mine = shownIn(own, things);
  for (const { how, request } of variants(walk, path)) {
    const exchange = await b.send(request);
    const thing = shownIn(exchange, things);
    if (thing !== undefined) return leak(`B is shown ${thing.what} with ${how}`, exchange);
  }
  const counted = await byCount(walk, (word, name) => b.send({ path: `${path}?${name}=${word}` }), SEARCHES);
  if (counted !== undefined) return counted;
  const paged = await byCursor(walk, path, things);
  if (paged !== undefined && "outcome" in paged) return paged;
  if (mine === undefined) return nothing("shows A nothing that is A's alone");
  return held(
    `A is shown ${mine.what}, B nothing of A's in any variant${paged === undefined ? "" : `; ${paged.cursors} cursors of A's tried`}`,
    plain,
  );
}

interface Variant {
  readonly how: string;
  readonly request: WireRequest;
}

function variants({ a, harvest, headerNames }: Walk, path: string): readonly Variant[] {
  const user = harvest.userId ?? a.visitor.username;
  const owners = [
    ...["tenant_id", "tenant", "org_id", "customer_id", "account_id"].map(
      (name) => [name, a.tenantId] as const,
    ),
    ...["user_id", "owner", "author"].map((name) => [name, user] as const),
  ];
  const asked = [
    ...owners.map(([name, value]) => [`?${name}=`, `${name}=${encodeURIComponent(value)}`] as const),
    ...SEARCHES.map((name) => [`?${name}=`, `${name}=${a.marker.word}`] as const),
    ...SORTS.map((text) => [`?${text}`, text] as const),
    ...WIDER.map((text) => [`?${text}`, text] as const),
  ];
  return [
    ...spoofs(headerNames, a, harvest.userId).map((headers) => ({
      how: `headers (${Object.keys(headers).slice(0, 3).join(", ")}, ...)`,
      request: { path, headers },
    })),
    ...asked.map(([how, query]) => ({ how, request: { path: `${path}?${query}` } })),
  ];
}

/** A count of what B may not see, for a word that A alone has written, is an oracle: compared with a word of nobody's. */
async function byCount(
  { a }: Walk,
  ask: (word: string, name: string) => Promise<Exchange>,
  names: readonly string[],
): Promise<Judgement | undefined> {
  for (const name of names) {
    const found = await ask(a.marker.word, name);
    if (!isAccepted(found.response.status)) continue;
    const none = countsIn(jsonOf(await ask(newMarker().word, name)));
    for (const [path, count] of countsIn(jsonOf(found)))
      if (none.has(path) && none.get(path) !== count)
        return leak(
          `B is told ${path} ${count} for a word that A alone has written with ${name}, ${none.get(path)} for nobody's`,
          found,
        );
  }
  return undefined;
}

/** A's way to the next page, followed by B. */
async function byCursor(
  { a, b }: Walk,
  path: string,
  things: readonly Thing[],
): Promise<Judgement | { readonly cursors: number } | undefined> {
  const tried = new Set<string>();
  for (const size of SIZES) {
    const page = await a.send({ path: `${path}?${size}=1` });
    if (!isAccepted(page.response.status) || rowsIn(jsonOf(page)).length === 0) continue;
    for (const query of waysOn(page, path)) {
      for (const full of [query, `${query}&${size}=1`]) {
        if (tried.has(full)) continue;
        tried.add(full);
        const exchange = await b.send({ path: `${path}?${full}` });
        const thing = isAccepted(exchange.response.status) ? shownIn(exchange, things) : undefined;
        if (thing !== undefined)
          return leak(`B is shown ${thing.what} with A's cursor (${full.split("=")[0]})`, exchange);
      }
    }
  }
  return tried.size === 0 ? undefined : { cursors: tried.size };
}

const MOST_WAYS = 6;

/** Queries that go on from this page: of links, and of what is named like a cursor. */
function waysOn(page: Exchange, path: string): readonly string[] {
  const ways = new Set<string>();
  const note = (key: string, value: unknown): void => {
    if (isRecord(value)) for (const [inner, one] of Object.entries(value)) note(`${key}.${inner}`, one);
    if (typeof value !== "string" || value === "" || !CURSOR.test(key)) return;
    const url = URL.canParse(value, page.request.url) ? new URL(value, page.request.url) : undefined;
    if (/^(\/|https?:)/.test(value)) {
      if (url !== undefined && url.pathname === path) ways.add(url.search.slice(1));
    } else
      for (const name of [key.split(".").at(-1) ?? key, "cursor", "after", "page_token"])
        ways.add(`${name.replace(/^next_?/i, "") || "cursor"}=${encodeURIComponent(value)}`);
  };
  const json = jsonOf(page);
  if (isRecord(json)) for (const [key, value] of Object.entries(json)) note(key, value);
  const linked = /<([^>]{1,2048})>;\s*rel="?next/.exec(headerOf(page.response, "link") ?? "")?.[1];
  if (linked !== undefined) note("next", linked);
  return [...ways].filter((way) => way !== "").slice(0, MOST_WAYS);
}

/** A POST that searches: A's word, asked for by B. */
export async function inSearch(walk: Walk, { path }: TargetRoute): Promise<Judgement> {
  const { a, b, harvest } = walk;
  const things = harvest.thingsOf(a);
  const { body, exchange } = await discover((json) => a.send({ method: "POST", path, json }), {
    ...harvest.hints(a, path),
    search: true,
  });
  if (!isAccepted(exchange.response.status)) return unseen(`A is answered with ${exchange.response.status}`);
  const said = JSON.stringify(body);
  const mine = shownIn(exchange, things, said);
  let last = exchange;
  for (const headers of [{}, ...spoofs(walk.headerNames, a, harvest.userId)]) {
    const found = await b.send({ method: "POST", path, json: body, headers });
    const thing = shownIn(found, things, said);
    if (thing !== undefined) return leak(`B is shown ${thing.what} by a search`, found);
    last = found;
  }
  const ask = (word: string): Promise<Exchange> => {
    const json: unknown = JSON.parse(said.replaceAll(a.marker.word, word));
    return b.send({ method: "POST", path, json });
  };
  const counted = await byCount(walk, ask, ["a search"]);
  if (counted !== undefined) return counted;
  return mine === undefined
    ? unseen("a search for what A has written finds A nothing")
    : held("A finds what A has written, B does not", last);
}
