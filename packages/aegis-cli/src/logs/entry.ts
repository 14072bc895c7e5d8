/**
 * What one line says. Lines are those of the application (pino), or of `journalctl -o json` around them. Everything in a
 * line may have been written by a stranger: names are cut short, and hold nothing that a terminal would act on.
 */
export type Entry =
  | {
      readonly kind: "answer";
      readonly at: number;
      readonly status: number;
      readonly route: string;
      readonly ms: number;
    }
  | {
      readonly kind: "event";
      readonly at: number;
      readonly event: string;
      readonly code: string;
      readonly address: string;
      readonly user: string;
    }
  | {
      readonly kind: "fault";
      readonly at: number;
      readonly code: string;
      readonly cause: string;
      readonly timedOut: boolean;
    }
  | { readonly kind: "other"; readonly at: number };

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsIn = (line: Fields, name: string): Fields => {
  const value = line[name];
  return isFields(value) ? value : {};
};

const MOST_NAME = 120;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const named = (value: unknown, otherwise = ""): string => {
  if (typeof value !== "string" || value === "") return otherwise;
  const text = value.length > MOST_NAME ? `${value.slice(0, MOST_NAME)}…` : value;
  return text.replace(UNSEEN, "\uFFFD");
};

/** Answers of loggers that name no route are put together with their requests; so many may be under way. */
const MOST_OPEN = 10_000;
const TIMED_OUT = /timed? ?out|ETIMEDOUT|no answer within/i;
/** Parts of an address that are somebody's: numbers, ids, anything long. */
const OWN = /^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{24,}|.*%.*|.{65,})$/;

/** Each process counts its requests from one: an id names one request of one process, never of the log. */
const requestOf = ({ hostname, pid, reqId }: Fields): string =>
  [hostname, pid, reqId].map((part) => (typeof part === "number" ? `#${part}` : named(part))).join(" ");

export function entryReader() {
  const open = new Map<string, string>();

  const routeOf = (line: Fields): string => {
    const { method, route } = fieldsIn(line, "res");
    if (typeof route === "string") return `${named(method)} ${named(route)}`.trim();
    const id = requestOf(line);
    const begun = open.get(id);
    open.delete(id);
    return begun ?? "(unknown)";
  };
  const begin = (line: Fields): void => {
    const { method, url, route } = fieldsIn(line, "req");
    if (typeof route === "string" || typeof url !== "string") return;
    const path = (url.split("?")[0] ?? "")
      .split("/")
      .slice(0, 12)
      .map((part) => (OWN.test(part) ? ":id" : part))
      .join("/");
    open.set(requestOf(line), `${named(method)} ${named(path)}`);
    for (const oldest of open.keys()) {
      if (open.size <= MOST_OPEN) break;
      open.delete(oldest);
    }
  };

  /** Undefined: damaged. */
  return (text: string): Entry | undefined => {
    const line = unwrapped(text);
    if (line === undefined) return undefined;
    const at = timeOf(line);
    if (at === undefined) return undefined;
    const { statusCode } = fieldsIn(line, "res");
    if (typeof statusCode === "number") {
      const ms = line["responseTime"];
      return {
        kind: "answer",
        at,
        status: statusCode,
        route: routeOf(line),
        ms: typeof ms === "number" && ms >= 0 ? ms : 0,
      };
    }
    if (isFields(line["req"])) begin(line);
    const told = fieldsIn(line, "audit");
    if (typeof told["event"] === "string")
      return {
        kind: "event",
        at,
        event: named(told["event"]),
        code: named(told["code"]),
        address: named(told["ip"], "(none)"),
        user: named(told["username"], named(told["user_id"], "(no account)")),
      };
    const { code, message, type } = fieldsIn(line, "err");
    if (isFields(line["err"])) {
      const cause = named(code, named(message, named(type, "(unknown)")));
      return {
        kind: "fault",
        at,
        code: named(line["code"]),
        cause,
        timedOut: TIMED_OUT.test(`${cause} ${named(message)}`),
      };
    }
    return { kind: "other", at };
  };
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** journald keeps the line in MESSAGE: as text, or as numbers where it was not sure that it is text. */
function unwrapped(text: string): Fields | undefined {
  const line = parsed(text);
  if (line === undefined || !("__REALTIME_TIMESTAMP" in line)) return line;
  const { MESSAGE: message } = line;
  const isBytes = (value: unknown): value is readonly number[] =>
    Array.isArray(value) && value.every((byte) => Number.isInteger(byte));
  const told = isBytes(message) ? Buffer.from(message).toString("utf8") : message;
  const inner = typeof told === "string" ? parsed(told) : undefined;
  // What else a service prints has journald's time, and is none of ours.
  const { __REALTIME_TIMESTAMP: at } = line;
  return inner ?? { time: typeof at === "string" ? Number(at) / 1000 : undefined };
}

function timeOf({ time }: Fields): number | undefined {
  const at = typeof time === "number" ? time : typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? at : undefined;
}
