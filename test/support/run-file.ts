/** Saved runs for tests of what is made of them, and findings of a target that answers with whatever hurts. */
import type { Outcome } from "aegis/verify";
import fc from "fast-check";

export interface SampleFinding {
  readonly id: string;
  readonly room: string;
  readonly outcome: Outcome;
  readonly claim?: string;
  readonly observed?: string;
  readonly expected?: string;
  readonly fix?: string;
  readonly request?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  /** In place of the one exchange. */
  readonly evidence?: readonly unknown[];
}

export const findingData = ({ id, room, outcome, ...more }: SampleFinding) => ({
  id,
  room,
  claim: more.claim ?? `The claim of ${id} holds`,
  outcome,
  observed: more.observed ?? `what was seen of ${id}`,
  ...(more.expected === undefined ? {} : { expected: more.expected }),
  advice: { symptom: "what one notices", cause: "why it is so", fix: more.fix ?? "what to do" },
  proves: ["session.cookie.secure"],
  references: ["asvs:v5.0.0-3.3.1", "req:SES-1"],
  seconds: 0.25,
  evidence: more.evidence ?? [
    {
      request: more.request ?? "GET https://hub.example/",
      status: 200,
      headers: more.headers ?? ["content-type: text/html"],
      body: more.body ?? "<!doctype html>",
    },
  ],
});

export const runData = (
  findings: readonly SampleFinding[],
  more: Readonly<Record<string, unknown>> = {},
) => ({
  format: "aegis-run/1",
  tool: { name: "aegis", version: "0.1.0" },
  nodeVersion: "v24.0.0",
  origin: "https://hub.example",
  target: "The hub",
  environment: "production",
  policyName: "preset saas",
  fingerprint: "0123456789abcdef",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
  seconds: 60,
  controlsKnown: findings.length,
  reachable: true,
  findings: findings.map(findingData),
  counts: {},
  rooms: {},
  accountsCreated: [],
  ...more,
});

export const OUTCOMES: readonly Outcome[] = ["pass", "fail", "not-applicable", "unknown", "error"];

/** Findings of up to five components, in any state. */
export const anyFindings = (): fc.Arbitrary<readonly SampleFinding[]> =>
  fc
    .array(
      fc.tuple(
        fc.constantFrom("session", "csrf", "headers", "input", "apiKey"),
        fc.constantFrom(...OUTCOMES),
      ),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((all) => all.map(([room, outcome], at) => ({ id: `${room}.control-${at}`, room, outcome })));

const NASTY = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</style><script>alert(1)</script>",
  "--><script>",
  "]]><failure>",
  "&lt;b&gt;&amp;",
  "[a](javascript:alert(1)) ![b](https://evil.example/x.png)",
  "| a | b |\n# head\n\n<div>",
  "`code` **bold** ~~x~~ https://evil.example www.evil.example a@evil.example",
  "=cmd|' /C calc'!A0",
  "\u001b[31mred\u001b]0;title\u0007",
  "\u202egnp.exe",
  "{0} {{x}} [rule](1)",
  "\u0000\u0008\ufffe\ud800",
  "%3Cscript%3E",
];

export const nasty = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...NASTY),
    fc.array(fc.constantFrom(...NASTY), { maxLength: 3 }).map((all) => all.join(" ")),
    fc.string({ unit: "binary", maxLength: 120 }),
  );

/** What a target has a say in, and what stands in a file that somebody else made, as bad as it can be. */
export const nastyRun = () =>
  fc
    .record({
      target: nasty(),
      policyName: nasty(),
      claim: nasty(),
      observed: nasty(),
      expected: nasty(),
      fix: nasty(),
      request: nasty(),
      headers: fc.array(nasty(), { maxLength: 3 }),
      body: nasty(),
      policy: nasty(),
    })
    .map(({ target, policyName, policy, ...texts }) =>
      runData(
        OUTCOMES.map((outcome, at) => ({ id: `session.control-${at}`, room: "session", outcome, ...texts })),
        { target, policyName, policy: { [policy]: policy } },
      ),
    );
