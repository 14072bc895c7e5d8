/** Faults to plant between a verifier and a hub that has none of them: what each is, and which controls must see it. */
import { memoryStores } from "aegis/fastify";
import type { HubParts } from "../../apps/hub/server/app.ts";
import { type Asked, type Fault as GatewayFault } from "./faulty-gateway.ts";

interface Passed {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

interface Fault {
  /** Before it is sent on: with other headers, or an answer instead. */
  readonly before?: (asked: Passed) => { readonly headers: Passed["headers"] } | Answer | undefined;
  /** What comes back instead of the target's answer. */
  readonly after?: (answer: Answer, asked: Passed) => Answer;
  readonly lenient?: boolean;
}

export interface PlantedFault {
  readonly what: string;
  readonly seenBy: readonly string[];
  /** Anew for every run: some remember what passed. */
  readonly plant: () => Fault;
  /** What the hub itself is given instead of what works. */
  readonly parts?: () => Partial<HubParts>;
}

/** As the gateway takes it. */
export function planted({ before: change, after: turn, lenient = false }: Fault): GatewayFault {
  const passed = new WeakMap<Asked, Passed>();
  const answers = new WeakMap<Asked, Answer>();
  return {
    lenient,
    ask: (asked) => {
      const headers = Object.fromEntries(asked.headers.map(([name, value]) => [name.toLowerCase(), value]));
      const seen = { method: asked.method, path: asked.url, headers, body: asked.body.toString() };
      passed.set(asked, seen);
      const made = change?.(seen);
      if (made !== undefined && "status" in made) answers.set(asked, made);
      else if (made !== undefined) asked.headers = Object.entries(made.headers);
    },
    instead: (asked) => {
      const made = answers.get(asked);
      return made === undefined
        ? undefined
        : {
            status: made.status,
            headers: made.headers.map(([name, value]) => [name, value]),
            body: made.body,
          };
    },
    answer: (answered) => {
      const seen = passed.get(answered.asked);
      if (turn === undefined || seen === undefined) return;
      const headers = answered.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
      const made = turn({ status: answered.status, headers, body: answered.body }, seen);
      answered.status = made.status;
      answered.headers = made.headers.map(([name, value]) => [name, value]);
      answered.body = made.body;
    },
  };
}

const withHeader = ({ headers }: Answer, name: string, value: string | undefined): Answer["headers"] => [
  ...headers.filter(([one]) => one !== name),
  ...(value === undefined ? [] : [[name, value] as const]),
];

const mapHeader = (answer: Answer, name: string, change: (value: string) => string): Answer => ({
  ...answer,
  headers: answer.headers.map(([one, value]) => [one, one === name ? change(value) : value] as const),
});

const said = (status: number, data: unknown = {}): Answer => ({
  status,
  headers: [["content-type", "application/json; charset=utf-8"]],
  body: Buffer.from(JSON.stringify(data)),
});

const typeOf = ({ headers }: Answer): string => headers.find(([name]) => name === "content-type")?.[1] ?? "";
const isHtml = (answer: Answer): boolean => typeOf(answer).includes("text/html");
const isJson = (answer: Answer): boolean => typeOf(answer).includes("json");

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(body);
    return typeof data === "object" && data !== null ? { ...data } : {};
  } catch {
    return {};
  }
}

const after = (
  what: string,
  seenBy: readonly string[],
  change: NonNullable<Fault["after"]>,
): PlantedFault => ({
  what,
  seenBy,
  plant: () => ({ after: change }),
});
const before = (
  what: string,
  seenBy: readonly string[],
  change: NonNullable<Fault["before"]>,
): PlantedFault => ({ what, seenBy, plant: () => ({ before: change }) });

/** Answers otherwise for an address that came before than for one that did not. */
const remembering = (
  what: string,
  seenBy: readonly string[],
  path: string,
  answerTo: (isKnown: boolean) => Answer | undefined,
): PlantedFault => ({
  what,
  seenBy,
  plant: () => {
    const known = new Set<unknown>();
    return {
      before: (asked) => {
        const { email } = fieldsOf(asked.body);
        const isKnown = known.has(email);
        if (asked.path === "/api/register") known.add(email);
        return asked.path === path && typeof email === "string" ? answerTo(isKnown) : undefined;
      },
    };
  },
});

const SESSION = /(__Host-session=)([^;]+)/;
const sessionIn = ({ headers }: Passed): string | undefined => SESSION.exec(headers["cookie"] ?? "")?.[2];

/** Sessions under names that the proxy gives them: `name` says which, or undefined for the one that came. */
const renaming = (
  what: string,
  seenBy: readonly string[],
  name: (asked: Passed, count: number) => string | undefined,
): PlantedFault => ({
  what,
  seenBy,
  plant: () => {
    const real = new Map<string, string>();
    return {
      before: (asked) => {
        const own = real.get(sessionIn(asked) ?? "");
        if (own === undefined) return undefined;
        const cookie = (asked.headers["cookie"] ?? "").replace(SESSION, `$1${own}`);
        return { headers: { ...asked.headers, cookie } };
      },
      after: (answer, asked) =>
        mapHeader(answer, "set-cookie", (line) => {
          const given = SESSION.exec(line)?.[2];
          const other = given === undefined || given === "" ? undefined : name(asked, real.size);
          if (given === undefined || other === undefined) return line;
          real.set(other, given);
          return line.replace(SESSION, `$1${other}`);
        }),
    };
  },
});

/** A store of sessions that ends none. */
function endless(): HubParts["sessions"] {
  const { sessions } = memoryStores();
  return new Proxy(sessions, {
    get(store, key) {
      if (key === "revoke") return async () => true;
      if (key === "revokeAll") return async () => 1;
      const value: unknown = Reflect.get(store, key);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

export const faults: readonly PlantedFault[] = [
  {
    what: "sessions that nobody can end",
    seenBy: [
      "session.sign-out-kills",
      "session.new-at-sign-in",
      "password.change-ends-other-sessions",
      "recovery.link-works-once",
    ],
    plant: () => ({}),
    parts: () => ({ sessions: endless() }),
  },
  renaming("tokens in a row", ["session.token-random"], (_asked, count) =>
    String(count + 1).padStart(43, "0"),
  ),
  renaming("a planted token is kept", ["session.fixation"], (asked) =>
    asked.path === "/api/login" ? sessionIn(asked) : undefined,
  ),
  {
    what: "members are remembered",
    seenBy: ["tenancy.removed-at-once"],
    plant: () => {
      const known = new Set<string>();
      return {
        after: (answer, asked) => {
          const session = sessionIn(asked);
          if (asked.path !== "/api/tenant/roles" || session === undefined) return answer;
          if (answer.status < 300) known.add(session);
          return known.has(session) ? said(200) : answer;
        },
      };
    },
  },
  {
    what: "keys are listed whole",
    seenBy: ["apiKey.secret-shown-once"],
    plant: () => {
      let last = "";
      return {
        after: (answer, { path, method }) => {
          if (path !== "/api/api-keys") return answer;
          const data = fieldsOf(answer.body.toString());
          if (method === "POST") last = String(data["api_key"]);
          return method === "GET"
            ? { ...answer, body: Buffer.from(JSON.stringify({ ...data, last })) }
            : answer;
        },
      };
    },
  },
  after("addresses are taken from whoever writes them", ["rateLimit.not-evaded"], (answer, { headers }) =>
    answer.status === 429 && (headers["x-real-ip"] ?? headers["true-client-ip"]) !== undefined
      ? said(401)
      : answer,
  ),
  after("cookies without HttpOnly", ["session.cookie-http-only"], (answer) =>
    mapHeader(answer, "set-cookie", (value) => value.replaceAll(/; *HttpOnly/gi, "")),
  ),
  after("cookies for the whole domain", ["session.cookie-scope"], (answer) =>
    mapHeader(answer, "set-cookie", (value) => `${value}; Domain=hub.test`),
  ),
  after("a banner", ["headers.no-banner"], (answer) => ({
    ...answer,
    headers: withHeader(answer, "server", "nginx/1.18.0"),
  })),
  after("answers that may be kept", ["headers.personal-answers-not-kept"], (answer) => ({
    ...answer,
    headers: withHeader(answer, "cache-control", "private, max-age=60"),
  })),
  after("pages with another base", ["headers.csp-no-plugins-no-base"], (answer) =>
    mapHeader(answer, "content-security-policy", (value) => value.replace(/base-uri [^;]*;?/, "")),
  ),
  after("data without a content policy", ["headers.csp-on-data"], (answer) =>
    isHtml(answer)
      ? answer
      : { ...answer, headers: withHeader(answer, "content-security-policy", undefined) },
  ),
  before("nobody takes reports", ["headers.csp-reports-taken"], ({ path }) =>
    path.includes("csp-report") ? said(404) : undefined,
  ),
  after("errors that tell", ["input.errors-tell-nothing"], (answer) =>
    answer.status >= 400 && isJson(answer)
      ? {
          ...answer,
          body: Buffer.from(
            JSON.stringify({
              ...fieldsOf(answer.body.toString()),
              detail: "Error: no\n    at Object.handler (/srv/app/server/routes.js:12:7)",
            }),
          ),
        }
      : answer,
  ),
  before("unknown users are told", ["account.unknown-user-looks-wrong-password"], ({ path, body }) =>
    path === "/api/login" && fieldsOf(body)["username"] === "aegis-nobody-here" ? said(404) : undefined,
  ),
  remembering("taken addresses are told", ["account.taken-address-not-told"], "/api/register", (isKnown) =>
    isKnown ? said(409) : undefined,
  ),
  remembering(
    "addresses without accounts are told",
    ["recovery.tells-nothing"],
    "/api/auth/password/forgot",
    (isKnown) => (isKnown ? undefined : said(404)),
  ),
  after(
    "nobody is asked to sign in",
    ["access.sign-in-required", "session.made-up-token-refused"],
    (answer) => (answer.status === 401 ? said(200) : answer),
  ),
  before("every method is answered", ["access.unknown-method-refused"], ({ method }) =>
    method === "TRACE" || method === "PROPFIND" ? said(200) : undefined,
  ),
  after("whatever is sent is taken", ["input.malformed-refused"], (answer, { method }) =>
    method === "POST" && [400, 415, 422].includes(answer.status) ? said(200) : answer,
  ),
  before(
    "other sites are taken for this one",
    ["csrf.cross-site-refused", "csrf.sign-in-cross-site-refused", "csrf.same-site-refused"],
    ({ headers }) => {
      const { origin: _origin, "sec-fetch-site": _site, ...others } = headers;
      return { headers: { ...others, "sec-fetch-site": "same-origin" } };
    },
  ),
  before("long passwords are refused", ["password.long-accepted"], ({ path, body }) =>
    path === "/api/register" && String(fieldsOf(body)["password"]).length >= 60 ? said(400) : undefined,
  ),
  before("passwords need a digit", ["password.composition-not-demanded"], ({ path, body }) => {
    const { password } = fieldsOf(body);
    return path === "/api/register" && typeof password === "string" && !/\d/.test(password)
      ? said(400)
      : undefined;
  }),
  before("signing out does nothing", ["session.sign-out-kills", "token.ends-with-sign-out"], ({ path }) =>
    path === "/api/logout" ? said(200) : undefined,
  ),
  after(
    "any token opens",
    ["token.forgeries-refused", "apiKey.typo-refused", "apiKey.revoked-at-once", "apiKey.opens-no-account"],
    (answer, { headers }) =>
      headers["authorization"] !== undefined && (answer.status === 401 || answer.status === 403)
        ? said(200)
        : answer,
  ),
  after("private keys are published", ["token.keys-public-parts"], (answer, { path }) =>
    path === "/.well-known/jwks.json"
      ? { ...answer, body: Buffer.from(answer.body.toString().replace('"kty"', '"d":"AAAA","kty"')) }
      : answer,
  ),
  after(
    "codes work again and for anybody",
    ["account.code-works-once", "account.code-for-one-account"],
    (answer, { path }) => (path === "/api/register/verify" ? said(200) : answer),
  ),
  after("any file is taken", ["upload.active-content-refused"], (answer, { path, method }) =>
    path === "/api/uploads" && method === "POST" && answer.status >= 400 ? said(201, { id: "x" }) : answer,
  ),
  after("quotas do not end", ["apiKey.quota-ends"], (answer, { headers }) =>
    headers["authorization"] !== undefined && answer.status === 429 ? said(200) : answer,
  ),
  {
    what: "a lenient reader in front",
    seenBy: ["transport.ambiguous-request-refused"],
    plant: () => ({ lenient: true }),
  },
];
