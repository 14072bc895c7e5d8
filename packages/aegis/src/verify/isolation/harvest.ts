/** What A has: made where a route takes it, and found in the lists that A is shown. */
import type { Exchange, TargetDescription, TargetRoute } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { isAccepted } from "../wire/checks.ts";
import { fill } from "../target.ts";
import { jsonOf, rowsIn, type Thing } from "./answers.ts";
import { type Body, discover, type Hints } from "./bodies.ts";
import { fieldIdOf, idOf } from "./ids.ts";
import { type Party, thingsOf } from "./party.ts";
import { discoverFile, type FileKind, inFile, mayWantFile } from "./payload.ts";
import { allPlaces, has, isGuarded, isWildcard, type Place } from "./routes.ts";

export interface Resource {
  /** Its own path: "/api/lessons/4f". */
  readonly path: string;
  /** The list that it is in. */
  readonly head: string;
  readonly id: string;
  /** Made by this run: it alone may be changed or deleted. */
  readonly made: boolean;
  /** B has it in its own list too, since before the walk: it belongs to both, or to nobody. */
  readonly shared: boolean;
  readonly row: Body;
}

/** How making something ended, by route. */
export interface Made {
  readonly body: Body;
  readonly status: number;
  readonly exchange: Exchange;
  /** Where it takes no JSON but a file. */
  readonly file?: FileKind;
}

const PARENTS = 2;
const KEPT = 12;
const VALUES = 10;
/** Other ids are words as like as not, and stand in anybody's answers. */
const isTelling = (id: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(id) || /^(?=.*\d).{12,}$/.test(id);

export class Harvest {
  readonly places: readonly Place[];
  readonly made = new Map<string, Made>();
  readonly #routes: readonly TargetRoute[];
  readonly #target: TargetDescription;
  readonly #found = new Map<string, readonly Resource[]>();
  readonly #values = new Map<string, unknown[]>();
  readonly #ids = new Map<string, Thing>();
  readonly #noted = new Map<Party, Map<string, string[]>>();
  #userId: string | undefined;
  #place = 0;

  constructor(target: TargetDescription) {
    this.#target = target;
    this.#routes = (target.routes ?? []).filter((route) => !isWildcard(route));
    this.places = allPlaces(this.#routes.filter(isGuarded));
  }

  get userId(): string | undefined {
    return this.#userId;
  }

  /** Resources under a prefix, A's own before those that both have. */
  at(prefix: string): readonly Resource[] {
    return this.#found.get(prefix) ?? [];
  }

  thingsOf(a: Party): readonly Thing[] {
    return [...thingsOf(a, this.#userId), ...this.#ids.values()];
  }

  /** Reads who A is, so that the account's own id is known wherever it comes up. */
  async meet(a: Party): Promise<void> {
    const call = this.#target.sessionCheck ?? this.#target.activity;
    if (call === undefined) return;
    const exchange = await a.send({ path: call.path });
    this.#learn(exchange);
    const id = /"(?:id|user_id|sub)"\s*:\s*"([^"]{8,64})"/.exec(exchange.response.body)?.[1];
    if (id !== undefined && id !== a.tenantId) this.#userId = id;
  }

  /** Makes something in every collection that takes it, `times` each, and finds what A has there. */
  async gather(a: Party, b: Party, times: number, only?: string): Promise<void> {
    await this.#issueTokens(a);
    for (const place of this.places) {
      if (only !== undefined && place.prefix !== only) continue;
      const above = place.above === undefined ? [undefined] : this.at(place.above).slice(0, PARENTS);
      const found = new Map(this.at(place.prefix).map((one) => [one.path, one]));
      for (const parent of above) {
        const head =
          parent === undefined ? place.head : parent.path + place.head.slice(place.above?.length ?? 0);
        const before = parent?.shared === false ? [] : await this.#list(b, place, parent, head);
        const common = new Set(before.map((row) => idOf(row, place.parameter)));
        const answers = await this.#make(a, place, head, times);
        // Two parameters next to each other are two fields of one row, which stands in the list above both.
        const isNext = parent !== undefined && place.head === place.above;
        const rows = isNext ? [parent.row] : [...answers, ...(await this.#list(a, place, parent, head))];
        for (const shown of rows) {
          const id = isNext ? fieldIdOf(shown, place.parameter) : idOf(shown, place.parameter);
          if (id === undefined || found.size >= KEPT) continue;
          const path = `${head}/${encodeURIComponent(id)}`;
          const known = found.get(path);
          const row = { ...known?.row, ...shown };
          const made =
            answers.includes(shown) ||
            (isNext && parent.made) ||
            JSON.stringify(row).includes(a.marker.word) ||
            (a.own && !common.has(id));
          const shared = known?.shared ?? (!made && common.has(id));
          found.set(path, { path, head, id, row, shared, made: made || known?.made === true });
          if (!shared && (made || isTelling(id)) && isTelling(id))
            this.#ids.set(id, { text: id, what: `the id of something in A's ${place.head}` });
        }
      }
      const order = [...found.values()].toSorted((x, y) => rank(x) - rank(y));
      this.#found.set(place.prefix, order);
    }
  }

  /** `except`: what is asked about itself is not what it refers to. */
  hints(a: Party, head: string, except: readonly string[] = []): Hints {
    this.#place += 1;
    return {
      marker: a.marker,
      place: this.#place,
      seen: (field) => this.#values.get(field) ?? [],
      idsFor: (field) => this.#idsFor(field, a, head).filter((id) => !except.includes(id)),
    };
  }

  #idsFor(field: string, a: Party, head: string): readonly string[] {
    const kind = field.replace(/[_-]?ids?$|I[dD]s?$/, "").toLowerCase();
    if (/^(tenant|org|customer|workspace)/.test(kind)) return [a.tenantId];
    if (/^(user|account|member|owner)/.test(kind)) return this.#userId === undefined ? [] : [this.#userId];
    const of = (wanted: (place: Place) => boolean): readonly string[] =>
      this.places.filter(wanted).flatMap(({ prefix }) =>
        this.at(prefix)
          .filter(({ shared }) => !shared)
          .map(({ id }) => id),
      );
    // "lesson_id" is of "lessons"; "to_id" and "from_id" are of nothing that is called so, "tokens" least of all.
    const named = kind.length < 3 ? [] : of((place) => (place.head.split("/").at(-1) ?? "").startsWith(kind));
    const under = of((place) => head === place.head || head.startsWith(`${place.head}/`));
    const near = of((place) => head.startsWith(place.head.slice(0, place.head.lastIndexOf("/"))));
    return named.length > 0 ? named : [...new Set([...under, ...near])];
  }

  async #make(a: Party, { head: template }: Place, head: string, times: number): Promise<readonly Body[]> {
    const route = this.#routes.find(({ method, path }) => method === "POST" && path === template);
    if (route === undefined || !isGuarded(route) || route.access.startsWith("role:")) return [];
    const rows: Body[] = [];
    for (let count = 0; count < times; count++) {
      const made = await this.#makeOne(a, template, head);
      const { exchange, status } = made;
      if (!this.made.has(template) || isAccepted(status)) this.made.set(template, made);
      if (!isAccepted(status)) break;
      this.#learn(exchange);
      rows.push(...recordsIn(jsonOf(exchange)));
    }
    return rows;
  }

  async #makeOne(a: Party, template: string, head: string): Promise<Made> {
    const file = this.made.get(template)?.file;
    const hints = this.hints(a, template, head.split("/").map(decodeURIComponent));
    if (file === undefined) {
      const { body, exchange } = await discover(
        (json) => a.send({ method: "POST", path: head, json }),
        hints,
        this.described("POST", template, hints),
      );
      if (!mayWantFile(exchange)) return { body, exchange, status: exchange.response.status };
      const taken = await discoverFile(
        ({ request }) => a.send({ method: "POST", path: head, ...request }),
        a.marker,
        hints.place,
      );
      if (taken === undefined) return { body, exchange, status: exchange.response.status };
      return { body: {}, exchange: taken.exchange, status: taken.exchange.response.status, file: taken.kind };
    }
    const { request } = inFile(file, a.marker, hints.place);
    const exchange = await a.send({ method: "POST", path: head, ...request });
    return { body: {}, exchange, status: exchange.response.status, file };
  }

  /** Keeps where something is that a party has made, so that it can be taken away again, and tried from. */
  note(who: Party, head: string, exchange: Exchange): void {
    const place = this.places.find((one) => one.head === head);
    if (place === undefined || head.includes("/:") || !isAccepted(exchange.response.status)) return;
    const paths = this.#noted.get(who) ?? new Map<string, string[]>();
    const known = paths.get(place.prefix) ?? [];
    for (const row of recordsIn(jsonOf(exchange))) {
      const id = idOf(row, place.parameter);
      if (id !== undefined) known.push(`${head}/${encodeURIComponent(id)}`);
    }
    paths.set(place.prefix, known);
    this.#noted.set(who, paths);
  }

  notedOf(who: Party, prefix: string): readonly string[] {
    return this.#noted.get(who)?.get(prefix) ?? [];
  }

  /** A body that the target description gives for this address; with a marker where it leaves text open. */
  described(method: string, template: string, { marker, place }: Hints): Body {
    const { apiKeys, tenancy, isolation } = this.#target;
    const calls = [...(isolation?.makes ?? []), apiKeys?.create, apiKeys?.rotate, tenancy?.invite];
    const call = calls.find(
      (one) => one?.path.replaceAll(/\{(\w+)\}/g, ":$1") === template && (one.method ?? "POST") === method,
    );
    if (call === undefined) return {};
    const sentence = `Probe ${marker.word} ${marker.other}`;
    const email = `probe-${marker.word}-${marker.other}-${place}@example.com`;
    const body = fill(call, { marker: `${sentence} ${place}`, name: sentence, email, role: "learner" });
    const isMarked = Object.values(body).some((value) => value.includes(marker.word));
    // A fixed name is one of ours too: what is made is told from what was there by its marker.
    return isMarked || body["name"] === undefined ? body : { ...body, name: `${sentence} ${place}` };
  }

  /** What this party has made in a list: of its own words, or of the other's that it has sent. */
  async leftOf(who: Party, other: Party, { head, parameter }: Place): Promise<readonly string[]> {
    if (head.includes("/:") || !has(this.#routes, "GET", head)) return [];
    return rowsIn(jsonOf(await who.send({ path: head }))).flatMap(({ fields }) => {
      const text = JSON.stringify(fields);
      const isOurs = text.includes(who.marker.word) || text.includes(other.marker.word);
      const id = isOurs ? idOf(fields, parameter) : undefined;
      return id === undefined ? [] : [`${head}/${encodeURIComponent(id)}`];
    });
  }

  async #issueTokens(a: Party): Promise<void> {
    const issue = this.#target.tokens?.issue;
    // Of a person's own account they would be left over: their rows cannot be told from others.
    if (!a.own || issue === undefined || !has(this.#routes, "POST", issue.path)) return;
    await a.send({ method: "POST", path: issue.path, json: fill(issue, { client: "Probe" }) });
  }

  /** The rows of the list; of one thing that has them inside where there is no list. */
  async #list(
    who: Party,
    place: Place,
    parent: Resource | undefined,
    head: string,
  ): Promise<readonly Body[]> {
    const inside = !has(this.#routes, "GET", place.head);
    if (inside && (parent === undefined || !has(this.#routes, "GET", place.above ?? ""))) return [];
    const exchange = await who.send({ path: inside && parent !== undefined ? parent.path : head });
    if (!isAccepted(exchange.response.status)) return [];
    this.#learn(exchange);
    const name = place.head.split("/").at(-1);
    return rowsIn(jsonOf(exchange))
      .filter(({ list }) => !inside || list === name)
      .map(({ fields }) => fields);
  }

  #learn(exchange: Exchange): void {
    const json = jsonOf(exchange);
    for (const record of [...rowsIn(json).map(({ fields }) => fields), ...recordsIn(json)])
      for (const [key, value] of Object.entries(record)) {
        const values = this.#values.get(key) ?? [];
        if (values.length < VALUES && !values.includes(value)) this.#values.set(key, [...values, value]);
      }
  }
}

/** What can be looked at best first: made by us, not the caller itself, not common to both. */
const rank = ({ made, shared, row }: Resource): number =>
  (made ? 0 : 2) + (shared ? 4 : 0) + (row["is_self"] === true || row["current"] === true ? 1 : 0);

/** The answer itself, or what it wraps. */
function recordsIn(json: unknown): readonly Body[] {
  if (!isRecord(json)) return [];
  const inner = Object.values(json).filter(isRecord);
  return "id" in json || inner.length === 0 ? [json] : inner.slice(0, 4);
}
