/** What an answer holds, read without knowing the application: leaves, rows, counts, and what is somebody else's in it. */
import type { Exchange } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { headerOf } from "../wire/header.ts";

export type Scalar = string | number | boolean | null;
/** The target writes the answers: how much of one is read has an end. */
const MOST_LEAVES = 5000;
const MOST_ROWS = 500;
const DEEPEST = 12;
/** Shorter texts are in any answer by chance. */
const RECOGNISABLE = 8;

export function jsonOf({ response }: Exchange): unknown {
  if (response.truncated) return undefined;
  try {
    return JSON.parse(response.body);
  } catch {
    return undefined;
  }
}

/** Every value that is no list and no object, by its path. */
export function leavesIn(value: unknown): ReadonlyMap<string, Scalar> {
  const leaves = new Map<string, Scalar>();
  const walk = (inner: unknown, path: string, depth: number): void => {
    if (leaves.size >= MOST_LEAVES || depth > DEEPEST) return;
    if (Array.isArray(inner)) for (const [at, one] of inner.entries()) walk(one, `${path}[${at}]`, depth + 1);
    else if (isRecord(inner))
      for (const [key, one] of Object.entries(inner))
        walk(one, path === "" ? key : `${path}.${key}`, depth + 1);
    else if (inner === null || ["string", "number", "boolean"].includes(typeof inner))
      leaves.set(path, typeof inner === "string" || typeof inner === "number" ? inner : inner === true);
  };
  walk(value, "", 0);
  return leaves;
}

export interface Row {
  /** The name of the list that it stands in; "" for the answer itself. */
  readonly list: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The rows of the outermost lists: what stands inside a row is part of it. */
export function rowsIn(value: unknown): readonly Row[] {
  const rows: Row[] = [];
  const walk = (inner: unknown, list: string, depth: number): void => {
    if (depth > DEEPEST || rows.length >= MOST_ROWS) return;
    if (Array.isArray(inner)) {
      for (const one of inner.slice(0, MOST_ROWS)) if (isRecord(one)) rows.push({ list, fields: one });
    } else if (isRecord(inner)) for (const [key, one] of Object.entries(inner)) walk(one, key, depth + 1);
  };
  walk(value, "", 0);
  return rows;
}

const COUNTS = /total|count|amount|number|hits|results|matches|pages|size/i;

/** Numbers that say how many there are. Those inside rows are the rows' own. */
export function countsIn(value: unknown): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [path, leaf] of leavesIn(value))
    if (typeof leaf === "number" && !path.includes("[") && COUNTS.test(path)) counts.set(path, leaf);
  return counts;
}

/** Something of one tenant that would be recognised anywhere. */
export interface Thing {
  readonly text: string;
  /** What it is, for the report. */
  readonly what: string;
}

/** Which of these the answer shows; what the request itself said proves nothing where it comes back. */
export function shownIn(exchange: Exchange, things: Iterable<Thing>, said = ""): Thing | undefined {
  const { request, response } = exchange;
  const lower = (text: string): string => text.toLowerCase();
  const asked = lower([safeDecode(request.url), ...request.headers.flat(), said].join("\n"));
  const answered = lower([response.body, ...response.headers.flat()].join("\n"));
  for (const thing of things)
    if (
      thing.text.length >= RECOGNISABLE &&
      !asked.includes(lower(thing.text)) &&
      answered.includes(lower(thing.text))
    )
      return thing;
  return undefined;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface Told {
  readonly exchange: Exchange;
  readonly id: string;
}

/** Answers to one id, to another and to a third; where the last two are made up, what differs between them means nothing. */
export function tellsApart(own: Told, madeUp: Told, another: Told): string | undefined {
  const [one, two, three] = [own, madeUp, another].map(faceOf);
  if (one === undefined || two === undefined || three === undefined) return undefined;
  for (const [key, value] of one) {
    const varies = two.get(key) !== three.get(key);
    if (!varies && two.get(key) !== value) return differs(key, value, two.get(key));
  }
  for (const [key, value] of two)
    if (!one.has(key) && three.get(key) === value) return differs(key, undefined, value);
  return undefined;
}

const differs = (key: string, one: Scalar | undefined, two: Scalar | undefined): string =>
  `${key} ${shown(one)}, of a made-up one ${shown(two)}`;
const shown = (value: Scalar | undefined): string =>
  value === undefined ? "absent" : JSON.stringify(value).slice(0, 80);

/** All that is compared: status, kind, way on and body, each with the id taken out. */
function faceOf({ exchange, id }: Told): ReadonlyMap<string, Scalar> {
  const { response } = exchange;
  const without = (value: Scalar): Scalar =>
    typeof value === "string"
      ? value.replaceAll(id, "(id)").replaceAll(encodeURIComponent(id), "(id)")
      : value;
  const face = new Map<string, Scalar>([
    ["status", response.status],
    ["content type", headerOf(response, "content-type") ?? ""],
    ["location", without(headerOf(response, "location") ?? "")],
  ]);
  const json = jsonOf(exchange);
  if (json === undefined) face.set("body", without(response.body));
  else for (const [path, value] of leavesIn(json)) face.set(`body ${path}`, without(value));
  return face;
}
