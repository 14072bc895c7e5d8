/**
 * Faults as gateways and deployments bring them, one at a time, planted between the verifier and a hub that does
 * everything right. What is broken may never be shown green; what is not, never red. (Settings of the policy, weakened
 * one by one, are in mutation.test.ts.)
 */
import { randomBytes } from "node:crypto";
import { definePolicy } from "aegis";
import { memoryStores } from "aegis/fastify";
import { catalogue, verify } from "aegis/verify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answered, type Fault, startFaultyGateway, valueOf, without } from "./support/faulty-gateway.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";

const HOST = "hub.test";
const policy = definePolicy({
  environment: "production",
  transport: { allowedHosts: [HOST] },
  password: { argon2: cheapHash },
});
const probeKey = randomBytes(32).toString("base64url");
let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(policy, { probeKey, limits: memoryStores().limits });
});
afterAll(() => hub.close());

const CSP = "content-security-policy";
const set = (answered: Answered, name: string, value: string): void => {
  answered.headers = [...without(answered.headers, name), [name, value]];
};
const drop = (name: string, when: (answered: Answered) => boolean = () => true): Fault => ({
  answer: (answered) => {
    if (when(answered)) answered.headers = without(answered.headers, name);
  },
});
const say = (name: string, value: string, when: (answered: Answered) => boolean = () => true): Fault => ({
  answer: (answered) => {
    if (when(answered)) set(answered, name, value);
  },
});
const csp = (from: RegExp, to: string): Fault => ({
  answer: (answered) => {
    const before = valueOf(answered.headers, CSP);
    if (before !== undefined) set(answered, CSP, before.replace(from, to));
  },
});
const cookie = (change: (line: string) => string): Fault => ({
  answer: (answered) => {
    answered.headers = answered.headers.map(([name, value]) =>
      name.toLowerCase() === "set-cookie" && /^__Host-session=[^;]/.test(value)
        ? [name, change(value)]
        : [name, value],
    );
  },
});
const rewrite = (when: (answered: Answered) => boolean, change: (answered: Answered) => void): Fault => ({
  answer: (answered) => {
    if (when(answered)) change(answered);
  },
});
const isPage = ({ headers }: Answered): boolean =>
  valueOf(headers, "content-type")?.includes("html") === true;
const isError = ({ status }: Answered): boolean => status >= 400;
const at =
  (path: string) =>
  ({ asked }: Answered): boolean =>
    asked.url.split("?")[0] === path;
const json = (status: number, body: unknown) => ({
  status,
  headers: [["content-type", "application/json"]] satisfies [string, string][],
  body: Buffer.from(JSON.stringify(body)),
});
/** Takes request headers away before the hub sees them. */
const hide = (...names: readonly string[]): Fault => ({
  ask: (asked) => {
    for (const name of names) asked.headers = without(asked.headers, name);
  },
});
/** A "helpful" gateway that puts the session's own token to every write. */
const addToken: Fault = {
  ask: async (asked, origin) => {
    const sent = valueOf(asked.headers, "cookie");
    if (asked.method === "GET" || sent === undefined) return;
    const answer = await hub.app.inject({
      url: "/csrf-token",
      headers: { cookie: sent, host: HOST, "x-forwarded-proto": "https", "x-origin": origin },
    });
    asked.headers = [
      ...without(asked.headers, "x-csrftoken"),
      ["X-CSRFToken", String(answer.json().csrf_token)],
    ];
  },
};

const dropped = [
  ["x-content-type-options", "headers.nosniff"],
  ["x-frame-options", "headers.frame-options"],
  ["referrer-policy", "headers.referrer-policy"],
  ["permissions-policy", "headers.permissions-policy"],
  ["cross-origin-embedder-policy", "headers.coep"],
  ["cross-origin-opener-policy", "headers.coop"],
  ["cross-origin-resource-policy", "headers.corp"],
  ["x-permitted-cross-domain-policies", "headers.cross-domain-policies"],
  ["x-download-options", "headers.download-options"],
  ["x-xss-protection", "headers.xss-protection"],
  ["strict-transport-security", "headers.hsts"],
] as const;

/** Name, the controls that must not be green, the fault. */
const faults: readonly (readonly [string, readonly string[], Fault])[] = [
  ...dropped.map(([name, id]) => [`${name} is dropped`, [id], drop(name)] as const),
  ...dropped
    .slice(0, 4)
    .map(([name, id]) => [`${name} is dropped from errors`, [id], drop(name, isError)] as const),
  ["nosniff is misspelt", ["headers.nosniff"], say("x-content-type-options", "no-sniff")],
  [
    "frames are allowed to one",
    ["headers.frame-options"],
    say("x-frame-options", "ALLOW-FROM https://evil.example"),
  ],
  ["frames are said twice", ["headers.frame-options"], say("x-frame-options", "DENY, SAMEORIGIN")],
  ["the whole address goes to everybody", ["headers.referrer-policy"], say("referrer-policy", "unsafe-url")],
  [
    "a weaker referrer policy comes last, and wins",
    ["headers.referrer-policy"],
    say("referrer-policy", "strict-origin-when-cross-origin, unsafe-url"),
  ],
  [
    "the camera is for everybody",
    ["headers.permissions-policy"],
    say("permissions-policy", "camera=*, microphone=()"),
  ],
  [
    "permissions are written in the old way",
    ["headers.permissions-policy"],
    say("permissions-policy", "camera 'none'; microphone 'none'"),
  ],
  ["embedding is unsafe", ["headers.coep"], say("cross-origin-embedder-policy", "unsafe-none")],
  ["windows share a group", ["headers.coop"], say("cross-origin-opener-policy", "unsafe-none")],
  ["anybody may embed", ["headers.corp"], say("cross-origin-resource-policy", "cross-origin")],
  [
    "HTTPS is forgotten at once",
    ["headers.hsts"],
    say("strict-transport-security", "max-age=0; includeSubDomains"),
  ],
  [
    "HTTPS is remembered for five minutes",
    ["headers.hsts"],
    say("strict-transport-security", "max-age=300; includeSubDomains"),
  ],
  ["HTTPS is not for subdomains", ["headers.hsts"], say("strict-transport-security", "max-age=31536000")],
  [
    "max-age is misspelt",
    ["headers.hsts"],
    say("strict-transport-security", "max_age=31536000; includeSubDomains"),
  ],
  ["the filter of old browsers is on", ["headers.xss-protection"], say("x-xss-protection", "1")],
  [
    "Flash may ask from anywhere",
    ["headers.cross-domain-policies"],
    say("x-permitted-cross-domain-policies", "all"),
  ],

  ["the content policy is dropped", ["headers.csp-scripts", "headers.csp-frame-ancestors"], drop(CSP)],
  [
    "the content policy is report-only",
    ["headers.csp-scripts"],
    rewrite(isPage, (answered) => {
      answered.headers = answered.headers.map(([name, value]) => [
        name.toLowerCase() === CSP ? `${CSP}-report-only` : name,
        value,
      ]);
    }),
  ],
  [
    "inline script may run",
    ["headers.csp-scripts"],
    csp(/script-src [^;]+/, "script-src 'self' 'unsafe-inline'"),
  ],
  ["eval may run", ["headers.csp-scripts"], csp(/'strict-dynamic'/, "'strict-dynamic' 'unsafe-eval'")],
  ["script comes from anywhere", ["headers.csp-scripts"], csp(/script-src [^;]+/, "script-src *")],
  ["script comes from data", ["headers.csp-scripts"], csp(/script-src [^;]+/, "script-src 'self' data:")],
  [
    "script falls back to everything",
    ["headers.csp-scripts"],
    csp(/default-src 'none'; script-src [^;]+/, "default-src *"),
  ],
  [
    "the nonce is always the same",
    ["headers.csp-nonce-fresh"],
    rewrite(isPage, (answered) => {
      const nonce = /'nonce-([^']+)'/.exec(valueOf(answered.headers, CSP) ?? "")?.[1] ?? "";
      set(answered, CSP, (valueOf(answered.headers, CSP) ?? "").replace(nonce, "always"));
      answered.body = Buffer.from(answered.body.toString().replaceAll(nonce, "always"));
    }),
  ],
  ["plug-ins may run", ["headers.csp-no-plugins-no-base"], csp(/object-src 'none'/, "object-src *")],
  ["addresses have another base", ["headers.csp-no-plugins-no-base"], csp(/base-uri '[a-z]+'/, "base-uri *")],
  ["no word of the base", ["headers.csp-no-plugins-no-base"], csp(/base-uri '[a-z]+'; /, "")],
  ["anybody may frame", ["headers.csp-frame-ancestors"], csp(/frame-ancestors 'none'/, "frame-ancestors *")],
  ["no word of frames", ["headers.csp-frame-ancestors"], csp(/; frame-ancestors 'none'/, "")],
  ["forms go anywhere", ["headers.csp-form-action"], csp(/form-action '[a-z]+'/, "form-action *")],
  ["no word of forms", ["headers.csp-form-action"], csp(/form-action '[a-z]+'; ?/, "")],
  ["script calls anywhere", ["headers.csp-connect"], csp(/connect-src 'self'/, "connect-src *")],
  ["images come from anywhere", ["headers.csp-images"], csp(/img-src [^;]+/, "img-src *")],
  ["text becomes script", ["headers.csp-trusted-types"], csp(/require-trusted-types-for 'script'; /, "")],
  [
    "any policy makes text script",
    ["headers.csp-trusted-types"],
    csp(/trusted-types 'none'/, "trusted-types * 'allow-duplicates'"),
  ],
  ["http: addresses stay", ["headers.csp-upgrade"], csp(/upgrade-insecure-requests; ?/, "")],
  ["nobody is told of violations", ["headers.csp-report-address"], csp(/; report-uri [^;]+/, "")],
  [
    "data may load and run",
    ["headers.csp-on-data"],
    rewrite(
      (one) => !isPage(one),
      (one) => set(one, CSP, "default-src 'self' 'unsafe-inline'"),
    ),
  ],
  [
    "reports are taken by nobody",
    ["headers.csp-reports-taken"],
    { instead: (asked) => (asked.url.startsWith("/api/csp-report") ? json(404, {}) : undefined) },
  ],

  ["the server says its version", ["headers.no-banner"], say("server", "nginx/1.22.1")],
  ["the framework says its name", ["headers.no-banner"], say("x-powered-by", "Express")],
  [
    "personal answers are kept",
    ["headers.personal-answers-not-kept"],
    say("cache-control", "public, max-age=600", at("/api/profile")),
  ],
  [
    "personal answers say nothing of caches",
    ["headers.personal-answers-not-kept"],
    drop("cache-control", at("/api/profile")),
  ],
  ["sign-out leaves the browser full", ["headers.sign-out-clears-browser"], drop("clear-site-data")],

  ["the cookie travels in clear", ["session.cookie-secure"], cookie((line) => line.replace(/; Secure/i, ""))],
  [
    "script reads the cookie",
    ["session.cookie-http-only"],
    cookie((line) => line.replace(/; HttpOnly/i, "")),
  ],
  [
    "no word of other sites",
    ["session.cookie-same-site"],
    cookie((line) => line.replace(/; SameSite=\w+/i, "")),
  ],
  [
    "other sites send the cookie",
    ["session.cookie-same-site"],
    cookie((line) => line.replace(/SameSite=\w+/i, "SameSite=None")),
  ],
  ["the cookie goes to subdomains", ["session.cookie-scope"], cookie((line) => `${line}; Domain=${HOST}`)],
  [
    "the cookie has another path",
    ["session.cookie-scope"],
    cookie((line) => line.replace(/Path=\/(?=;|$)/i, "Path=/api")),
  ],
  [
    "the cookie outlives the browser",
    ["session.cookie-ends-with-browser"],
    cookie((line) => `${line}; Max-Age=31536000`),
  ],
  [
    "the cookie outlives the browser, by date",
    ["session.cookie-ends-with-browser"],
    cookie((line) => `${line}; Expires=Fri, 31 Dec 2099 23:59:59 GMT`),
  ],
  [
    "sign-out is answered by the gateway",
    ["session.sign-out-kills"],
    {
      instead: (asked) =>
        asked.method === "POST" && asked.url === "/api/logout"
          ? json(200, { status: "signed_out" })
          : undefined,
    },
  ],

  [
    "every write gets its token",
    ["csrf.missing-token-refused", "csrf.wrong-token-refused", "csrf.other-session-token-refused"],
    addToken,
  ],
  [
    "nobody sees where a write comes from",
    ["csrf.sign-in-cross-site-refused"],
    hide("origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"),
  ],
  [
    "refusals have another status",
    ["csrf.refusal-status"],
    rewrite(
      ({ body }) => body.includes("AEGIS_CSRF"),
      (one) => {
        one.status = 200;
      },
    ),
  ],

  [
    "guarded routes answer strangers",
    ["access.sign-in-required"],
    rewrite(
      ({ asked, status }) => status === 401 && asked.url.startsWith("/api/sessions"),
      (one) => {
        one.status = 200;
      },
    ),
  ],
  [
    "unknown methods become reads",
    ["access.unknown-method-refused"],
    {
      ask: (asked) => {
        if (!/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(asked.method)) asked.method = "GET";
      },
    },
  ],
  [
    "strange hosts are made ours",
    ["transport.host-checked"],
    {
      ask: (asked) => {
        asked.headers = [...without(asked.headers, "host"), ["Host", HOST]];
      },
    },
  ],
  [
    "plain HTTP is called HTTPS",
    ["transport.https-required"],
    {
      ask: (asked) => {
        asked.headers = [...without(asked.headers, "x-forwarded-proto"), ["X-Forwarded-Proto", "https"]];
      },
    },
  ],
  [
    "errors show where",
    ["input.errors-tell-nothing"],
    rewrite(isError, (one) => {
      one.body = Buffer.from(
        JSON.stringify({ error: "Error: boom\n    at handler (/srv/app/server.js:10:5)" }),
      );
    }),
  ],
  [
    "large bodies are fine",
    ["input.large-body-refused"],
    rewrite(
      ({ status }) => status === 413,
      (one) => {
        one.status = 200;
      },
    ),
  ],
  [
    "malformed bodies are fine",
    ["input.malformed-refused"],
    rewrite(
      ({ status }) => status === 400,
      (one) => {
        one.status = 200;
      },
    ),
  ],
  [
    "unknown users are told apart",
    ["account.unknown-user-looks-wrong-password"],
    rewrite(
      ({ asked, status }) =>
        asked.url === "/api/login" && status === 401 && !registered.has(nameIn(asked.body)),
      (one) => {
        one.body = Buffer.from('{"detail":"No such user"}');
      },
    ),
  ],
  [
    "limits are not told",
    ["rateLimit.fields"],
    {
      answer: (one) => {
        for (const name of [
          "ratelimit",
          "ratelimit-policy",
          "x-ratelimit-limit",
          "x-ratelimit-remaining",
          "x-ratelimit-reset",
        ])
          one.headers = without(one.headers, name);
      },
    },
  ],
];

/** Who has an account, as a gateway that reads along would know. */
const registered = new Set<string>();
const nameIn = (body: Buffer): string => /"username":"([^"]+)"/.exec(body.toString())?.[1] ?? "";

/** The live table: what is off under this policy is not on it. */
const routesOf = () =>
  hub.app.aegis.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, url, access }) => ({ method, path: url, access }));

async function looked(fault: Fault, ids: readonly string[]) {
  const gateway = await startFaultyGateway(hub.origin, {
    ...fault,
    answer: (answered) => {
      const { asked, status } = answered;
      if (asked.url === "/api/register" && status < 300) registered.add(nameIn(asked.body));
      fault.answer?.(answered);
    },
  });
  try {
    const { findings } = await verify({
      origin: gateway.origin,
      policy,
      target: { ...hubTarget, routes: routesOf() },
      probeKey,
      wire: { edgeHeaders: { "x-forwarded-proto": "https", Host: HOST } },
      only: ({ id }) => ids.includes(id),
    });
    return findings;
  } finally {
    await gateway.close();
  }
}

describe("a hub behind a gateway", () => {
  const all = [...new Set(faults.flatMap(([, ids]) => ids))];

  it(`is shown no red where the gateway changes nothing, and is planted ${faults.length} faults`, async () => {
    const known = new Set(catalogue.flatMap(({ controls }) => controls.map(({ id }) => id)));
    expect(all.filter((id) => !known.has(id))).toEqual([]);
    const findings = await looked({}, all);
    expect(
      findings.filter(({ outcome }) => outcome !== "pass").map(({ id, observed }) => `${id}: ${observed}`),
    ).toEqual([]);
    expect(faults.length).toBeGreaterThanOrEqual(60);
  }, 60_000);

  it.each(faults)("is not shown green where %s", async (_name, ids, fault) => {
    const findings = await looked(fault, ids);
    expect(findings).toHaveLength(ids.length);
    expect(
      findings
        .filter(({ outcome }) => outcome === "pass" || outcome === "not-applicable")
        .map(({ id, observed }) => `${id}: ${observed}`),
    ).toEqual([]);
    expect(findings.some(({ outcome }) => outcome === "fail")).toBe(true);
  });
});
