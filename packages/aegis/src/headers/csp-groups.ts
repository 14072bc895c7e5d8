/**
 * What browsers report of the page policy, counted in groups. Anybody can post such a report: a group is made of words of
 * a closed list, an origin and a path, and of the path nothing that could be an id, a name or a token.
 */
import type { CspViolation } from "./csp-report.ts";

export interface CspKind {
  readonly directive: string;
  /** An origin, or a word: "inline", "eval", "data", "extension", …. */
  readonly blocked: string;
  /** The path of the page; what may be an id is ":id". */
  readonly page: string;
}

export interface CspGroup extends CspKind {
  readonly count: number;
  /** Milliseconds since the Unix epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * Groups that are kept: so many that were reported last, and so many that were reported most. Whoever floods it with made
 * up ones drives out neither what is reported now nor what is reported always.
 */
export const NEWEST_KEPT = 100;
export const COMMONEST_KEPT = 100;

/** Where groups live. Adding is atomic: parallel reports of one kind add up. */
export interface CspReportStore {
  add(kind: CspKind, at: number): Promise<void>;
  /** The last reported first. */
  list(): Promise<readonly CspGroup[]>;
  /** Forgets what was not reported since; how many. */
  removeBefore(time: number): Promise<number>;
}

const DIRECTIVES: ReadonlySet<string> = new Set(
  (
    "default-src script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr img-src font-src " +
    "connect-src media-src object-src frame-src child-src worker-src manifest-src base-uri form-action frame-ancestors " +
    "require-trusted-types-for trusted-types"
  ).split(" "),
);
/** CSP 3, 5.3: what stands in place of an address; and schemes that have no origin. */
const WORDS: ReadonlySet<string> = new Set([
  "inline",
  "eval",
  "wasm-eval",
  "self",
  "trusted-types-policy",
  "trusted-types-sink",
  "data",
  "blob",
  "about",
  "filesystem",
]);
const LONGEST_PAGE = 100;
/** Digits, hashes, ids and tokens; and whatever is so long that nobody named a page so. */
const ID = /^(?=.*\d)[\w.~-]{6,}$|^\d+$|^.{33,}$|[^\w.~-]/;

/** Undefined where it is no report of a page of ours: what is left out is counted nowhere. */
export function kindOf({ directive, blocked, document }: CspViolation, host: string): CspKind | undefined {
  const [name = ""] = directive.trim().toLowerCase().split(/\s/, 1);
  if (!DIRECTIVES.has(name) || !URL.canParse(document)) return undefined;
  const page = new URL(document);
  // A page of another host cannot have our policy: somebody made it up.
  if (!/^https?:$/.test(page.protocol) || page.host !== hostUnder(page.protocol, host)) return undefined;
  return { directive: name, blocked: blockedOf(blocked, page), page: pathOf(page.pathname) };
}

/** As an address says it: without the port that goes without saying. */
const hostUnder = (protocol: string, host: string): string | undefined =>
  URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : undefined;

function blockedOf(text: string, page: URL): string {
  const given = text.trim().toLowerCase();
  if (given === "") return "inline"; // how older browsers say it
  if (WORDS.has(given)) return given;
  if (!URL.canParse(given)) return "other";
  const { protocol, origin, host } = new URL(given);
  if (protocol.endsWith("-extension:")) return "extension";
  const scheme = protocol.slice(0, -1);
  if (WORDS.has(scheme)) return scheme;
  if (!/^(https?|wss?):$/.test(protocol)) return "other";
  if (host === page.host) return "self";
  const from = origin === "null" ? `${protocol}//${host}` : origin;
  return from.length > 200 ? "other" : from;
}

const pathOf = (path: string): string =>
  path
    .split("/")
    .map((part) => (ID.test(part) ? ":id" : part))
    .join("/")
    .slice(0, LONGEST_PAGE);
