import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type WireRequest,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { headerOf } from "../verify/wire/header.ts";
import { fieldOf } from "../verify/wire/people.ts";
import type { MetricsPolicy } from "./policy.ts";

type Policy = DeepReadonly<MetricsPolicy>;
type Context = ProbeContext<Policy>;

const PATH = "/metrics";
/**
 * Lines that are metrics, whoever writes them: a comment of the format, or a name, labels and a number. Nothing of it goes
 * beyond its line: a page of open brackets must not be read once for each of its lines (CWE-1333).
 */
const METRIC = /^(# (HELP|TYPE) \S+ |[A-Za-z_:][\w:]*(\{[^}\n]*\})? -?[\d.]+(e[+-]?\d+)?[^\S\n]*$)/m;

const WRONG = "A".repeat(21) + "b7Kp2ZqXw9LmNc4RtYvG3h";
const attempts: readonly (readonly [string, WireRequest])[] = [
  ["nobody", { path: PATH }],
  ["a wrong token", { path: PATH, headers: { Authorization: `Bearer ${WRONG}` } }],
  ["an empty token", { path: PATH, headers: { Authorization: "Bearer " } }],
  ["a password of no name", { path: PATH, headers: { Authorization: "Basic Og==" } }],
  ["a token in the address", { path: `${PATH}?token=${WRONG}&access_token=${WRONG}` }],
  [
    "who says to come from here",
    { path: PATH, headers: { "X-Real-IP": "127.0.0.1", Forwarded: "for=127.0.0.1" } },
  ],
  ["another method", { method: "HEAD", path: PATH }],
];

const closed: Control<Policy> = {
  id: "metrics.closed-to-strangers",
  claim: "Metrics are given to nobody without their token, signed in or not",
  proves: ["tokenRequired"],
  references: ["req:OPS-1", "asvs:v5.0.0-13.4.5"],
  advice: {
    symptom:
      "Anybody can read which routes there are, how they fail, and how close to its limits the server is.",
    cause: "metrics.tokenRequired is off, or another exporter answers at /metrics.",
    fix: "Set metrics.tokenRequired and a token (METRICS_TOKEN); keep other exporters off the public address.",
  },
  async probe(context: Context) {
    const visitor = await context.signIn();
    const who = [
      ...attempts.map(([name, request]) => [name, request, context.anonymous()] as const),
      ...(visitor === undefined ? [] : [["somebody signed in", { path: PATH }, visitor.client] as const]),
    ];
    let refusals = 0;
    let missing = 0;
    for (const [name, request, client] of who) {
      const { response } = await client.send(request);
      const type = headerOf(response, "content-type") ?? "";
      if ((response.status < 300 && type.startsWith("text/plain")) || METRIC.test(response.body))
        return fail(`${name} is given metrics (${response.status})`, "401, or no such page");
      if (response.status === 404) missing += 1;
      const exchange = { request: { method: "GET", url: PATH, headers: [] }, response };
      const isRefused = response.status === 401 && fieldOf(exchange, "code") === "AEGIS_METRICS_TOKEN_NEEDED";
      // An answer to HEAD has no body that could say so, and there need be no such route.
      if (isRefused || (request.method === "HEAD" && [401, 404, 405].includes(response.status)))
        refusals += 1;
    }
    // One that is answered otherwise may have got something in words of its own: who refused all but one has not refused.
    if (refusals === who.length) return pass(`refused to ${refusals} kinds of strangers`);
    if (missing === who.length) return notApplicable("there is no such page here");
    return unknown("answered neither with a refusal of metrics nor as missing");
  },
};

const RENDERED =
  "Rendered into the rules of Prometheus; a test in the project makes each alert go off for real";

export const metricsControls: RoomControls<Policy> = {
  controls: [closed],
  unprovable: [
    { leaf: "scrapeSeconds", reason: "Rendered for Prometheus; no answer of the application shows it" },
    ...[
      "windowSeconds",
      "holdSeconds",
      "repeatSeconds",
      "leastRequestCount",
      "signInFailurePercentLimit",
      "csrfFailurePercentLimit",
      "serverErrorPercentLimit",
      "limitedPercentLimit",
      "slowAnswerSeconds",
      "eventLoopMillisecondsLimit",
      "heapPercentLimit",
      "poolPercentLimit",
      "certificateSeconds",
      "revocationSeconds",
    ].map((leaf) => ({ leaf: `alerts.${leaf}`, reason: RENDERED })),
  ],
};
