/** Finds a body that a route accepts, from what it says of those that it refuses. */
import type { Exchange } from "../../control.ts";
import { isRecord } from "../../lib/freeze.ts";
import { jsonOf } from "./answers.ts";
import type { Marker } from "./party.ts";

export type Body = Readonly<Record<string, unknown>>;

export interface Hints {
  readonly marker: Marker;
  /** Distinguishes what is made one after the other. */
  readonly place: number;
  /** Ids that a field of this name may hold, best first. */
  readonly idsFor: (field: string) => readonly string[];
  /** Values that answers have shown under this name. */
  readonly seen: (field: string) => readonly unknown[];
  /** For a search only the word that is searched for. */
  readonly search?: boolean;
}

interface Complaint {
  readonly field: string;
  readonly text: string;
}

const TRIES = 10;
const MOST_FIELDS = 40;

/** Sends bodies until one is not refused for its form; the last answer is the route's word on it. */
export async function discover(
  send: (body: Body) => Promise<Exchange>,
  hints: Hints,
  start: Body = {},
): Promise<{ readonly body: Body; readonly exchange: Exchange }> {
  let body: Body = start;
  const tried = new Map<string, number>();
  for (let count = 1; ; count++) {
    const exchange = await send(body);
    const { status } = exchange.response;
    if ((status !== 400 && status !== 422) || count >= TRIES) return { body, exchange };
    const complaints = complaintsIn(exchange);
    const next = complaints.reduce<Body>((made, complaint) => better(made, complaint, hints, tried), body);
    if (JSON.stringify(next) === JSON.stringify(body)) return { body, exchange };
    body = next;
  }
}

/** Problem details with a list of fields, or a sentence that names one (Fastify, Ajv). */
function complaintsIn(exchange: Exchange): readonly Complaint[] {
  const json = jsonOf(exchange);
  if (!isRecord(json)) return [];
  const list = json["errors"] ?? json["details"] ?? json["issues"];
  const listed = (Array.isArray(list) ? list.slice(0, MOST_FIELDS) : []).filter(isRecord).flatMap((one) => {
    const path = one["field"] ?? one["path"] ?? one["param"] ?? one["instancePath"];
    const field = Array.isArray(path) ? path.join(".") : typeof path === "string" ? path : undefined;
    return field === undefined ? [] : [{ field: field.replace(/^\//, ""), text: JSON.stringify(one) }];
  });
  if (listed.length > 0) return listed;
  const said = json["message"] ?? json["detail"];
  if (typeof said !== "string") return [];
  const missing = /required property '([\w.-]{1,64})'/.exec(said)?.[1];
  const wrong = /^body\/([\w./-]{1,64}) /.exec(said)?.[1];
  const field = missing ?? wrong?.replaceAll("/", ".");
  return field === undefined ? [] : [{ field, text: said }];
}

/** The body with one field taken out, however deep it stands. */
function without(body: Body, [name = "", ...inner]: readonly string[]): Body {
  const rest = Object.entries(body).filter(([key]) => key !== name);
  const value = body[name];
  if (inner.length === 0) return Object.fromEntries(rest);
  if (isRecord(value)) return { ...body, [name]: without(value, inner) };
  if (!Array.isArray(value)) return body;
  const [at, ...deeper] = inner;
  const rows = value.map((row: unknown, index) =>
    String(index) === at && isRecord(row) ? without(row, deeper) : row,
  );
  return { ...body, [name]: rows };
}

function better(body: Body, { field, text }: Complaint, hints: Hints, tried: Map<string, number>): Body {
  const [name = "", ...inner] = field.split(".");
  if (name === "") return body;
  const count = tried.get(field) ?? 0;
  tried.set(field, count + 1);
  if (/unknown_field|additional propert/i.test(text)) return without(body, field.split("."));
  const value = inner.length === 0 ? valueFor(name, text, body[name], count, hints) : body[name];
  if (inner.length > 0 && isRecord(value)) {
    const within = better(value, { field: inner.join("."), text }, hints, new Map());
    return { ...body, [name]: within };
  }
  // A complaint about one row of a list: the list is tried with another row.
  if (inner.length > 0 && Array.isArray(value))
    return { ...body, [name]: [valueFor(inner[0] ?? name, text, value[0], count, hints)] };
  return { ...body, [name]: value };
}

/** Words that enumerations commonly have; those that answers have shown come first. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  role: ["learner", "member", "user", "viewer"],
  type: ["standard", "default", "text", "note"],
  kind: ["standard", "concept", "text", "note", "related"],
  visibility: ["private", "tenant"],
  status: ["draft", "open", "active"],
};

function valueFor(name: string, text: string, before: unknown, count: number, hints: Hints): unknown {
  const { marker, place } = hints;
  const type = /must be (?:an? )?(integer|number|boolean|array|object)/.exec(text)?.[1];
  const bound = Number(/(?:at (?:least|most)|[<>]=?|than) (-?\d+)/i.exec(text)?.[1] ?? Number.NaN);
  const isBound = /too_small|too_large|minimum|maximum|must be [<>]/.test(text);
  if (isBound && Number.isFinite(bound)) return bound;
  const ids = /(^|[_-])ids?$|I[dD]s?$/.test(name) || /uuid/.test(text) ? hints.idsFor(name) : [];
  const values = hints.seen(name);
  if (type === "boolean") return true;
  if (type === "integer" || type === "number") return values.find((one) => typeof one === "number") ?? 2;
  if (type === "array") return values.find((one) => Array.isArray(one) && one.length > 0) ?? ids.slice(0, 1);
  if (type === "object") return values.find(isRecord) ?? {};
  if (/not_allowed|enum|one of|equal to/.test(text))
    return [...values.filter((one) => typeof one === "string"), ...(COMMON[name] ?? [])][count] ?? before;
  if (/too_few|fewer than/.test(text)) return ids.length > 0 ? ids.slice(0, 1) : [marker.other];
  if (/too_long|more than/.test(text)) return marker.other.slice(0, Math.max(1, bound || 12));
  if (/email/i.test(name) || /email/.test(text))
    return `probe-${marker.word}-${marker.other}-${place}@example.com`;
  if (ids.length > 0) return ids[count % ids.length];
  if (/date-time|date/.test(text) && count > 0) return new Date(Date.now() + 86_400_000).toISOString();
  if (/\b(uri|url)\b/i.test(`${text} ${name}`)) return `https://example.com/${marker.word}-${marker.other}`;
  if (COMMON[name] !== undefined && count === 0)
    return values.find((one) => typeof one === "string") ?? COMMON[name][0];
  if (hints.search === true) return marker.word;
  if (/bad_characters|pattern/.test(text))
    return count < 3 ? `probe-${marker.word}-${marker.other}-${place}` : `${marker.word}${marker.other}`;
  const sentence = `Probe ${marker.word} ${marker.other} ${place}`;
  return Number.isFinite(bound) ? sentence.padEnd(Math.min(bound, 4096), " more") : sentence;
}
