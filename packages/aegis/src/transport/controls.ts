import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RawAnswer,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isRefused, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import type { TransportPolicy } from "./policy.ts";

type Policy = DeepReadonly<TransportPolicy>;
type Context = ProbeContext<Policy>;

/** A control may wait this long for a time limit to bite; longer ones need leave to wait. */
const PATIENCE_SECONDS = 40;
/** Servers look at slow connections now and then, not at once. */
const SLACK_SECONDS = 2;

const httpsRequired: Control<Policy> = {
  id: "transport.https-required",
  claim: "Plain HTTP is answered with a redirect to HTTPS or a refusal",
  proves: ["httpsRequired"],
  references: ["asvs:v5.0.0-12.2.1", "req:TLS-2", "req:CHK-2"],
  advice: {
    symptom: "Pages and forms can be read and changed on the way.",
    cause: "transport.httpsRequired is off, or the proxy passes plain HTTP on without X-Forwarded-Proto.",
    fix: "Set transport.httpsRequired, name the proxy in transport.trustedProxies and let it set X-Forwarded-Proto.",
  },
  async probe(context) {
    if (!context.policy.httpsRequired)
      return notApplicable("the policy allows plain HTTP in this environment");
    const path = context.target.samples?.html ?? "/";
    const exchange = await context.plainHttp(path);
    if (exchange === undefined) return pass("nothing answers on plain HTTP");
    const { status } = exchange.response;
    const location = headerOf(exchange.response, "location") ?? "";
    if (status >= 300 && status < 400 && location.startsWith("https://"))
      return pass(`${status} to ${location}`);
    if (isRefused(status)) return pass(`refused with ${status}`);
    return fail(`${status} over plain HTTP`, "a redirect to https:// or a refusal");
  },
};

const hostChecked: Control<Policy> = {
  id: "transport.host-checked",
  claim: "A Host header that is not ours is refused",
  proves: ["allowedHosts"],
  references: ["cwe:644", "rfc:9110-7.2"],
  advice: {
    symptom: "Links in mails and redirects can be made to point elsewhere; caches can be poisoned.",
    cause: "transport.allowedHosts is empty or holds too much.",
    fix: "Set PUBLIC_ORIGIN, or name the hosts in transport.allowedHosts.",
  },
  async probe(context) {
    if (context.policy.allowedHosts.length === 0)
      return notApplicable("the policy answers any host in this environment");
    const { response } = await context
      .anonymous()
      .send({ path: "/", headers: { Host: "aegis-probe.invalid" } });
    return isRefused(response.status)
      ? pass(`refused with ${response.status}`)
      : fail(`answered with ${response.status}`, "a refusal (421)");
  },
};

const silent = unknown(
  "an ordinary raw request is not answered either, so a closed connection shows nothing",
);

/** A server that closes every connection at once would pass for one that is strict. */
async function answersRaw(context: Context): Promise<boolean> {
  const { text } = await context.raw(
    `GET / HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}Connection: close\r\n\r\n`,
  );
  return /^HTTP\/1\.[01] \d{3}/.test(text);
}

/** Sends an unfinished request and sees whether the far end waits longer than it may. */
async function waitForCut(context: Context, bytes: string, limitSeconds: number): Promise<Verdict> {
  if (limitSeconds + SLACK_SECONDS > PATIENCE_SECONDS)
    return unknown(`the limit is ${limitSeconds} s; a run waits ${PATIENCE_SECONDS} s at most`);
  if (!(await answersRaw(context))) return silent;
  const first = await cutWithin(context, bytes, limitSeconds);
  // A target that is busy with the other probes of a run closes late once; one that waits too long does so each time.
  return first.outcome === "fail" ? cutWithin(context, bytes, limitSeconds) : first;
}

async function cutWithin(context: Context, bytes: string, limitSeconds: number): Promise<Verdict> {
  const answer: RawAnswer = await context.raw(bytes, { waitSeconds: limitSeconds + SLACK_SECONDS });
  if (answer.ended === "refused") return unknown("no connection");
  if (answer.ended === "closed") return pass(`cut off after ${answer.seconds.toFixed(1)} s`);
  // Who is woken that late has no processor, and the target beside it may have had none either.
  return answer.seconds > limitSeconds + 2 * SLACK_SECONDS
    ? unknown(
        `still open after ${answer.seconds.toFixed(1)} s, but this machine was too busy to look in time`,
      )
    : fail(`still open after ${answer.seconds.toFixed(1)} s`, `closed after ${limitSeconds} s`);
}

const slowHeader: Control<Policy> = {
  id: "transport.slow-header-cut",
  claim: "A client that does not finish its header is cut off in time",
  proves: ["headersTimeoutSeconds"],
  references: ["cwe:400", "req:LIM-6"],
  advice: {
    symptom: "A few slow clients hold all connections (slowloris).",
    cause: "transport.headersTimeoutSeconds is long, or the proxy waits longer.",
    fix: "Lower the limit in the policy and in the proxy (nginx: client_header_timeout).",
  },
  probe: (context) =>
    waitForCut(
      context,
      `GET / HTTP/1.1\r\nHost: ${context.host}\r\nX-Slow:`,
      context.policy.headersTimeoutSeconds,
    ),
};

const slowBody: Control<Policy> = {
  id: "transport.slow-body-cut",
  claim: "A client that does not finish its body is cut off in time",
  proves: ["requestTimeoutSeconds"],
  references: ["cwe:400", "req:LIM-6"],
  advice: {
    symptom: "A few slow clients hold all connections.",
    cause: "transport.requestTimeoutSeconds is long, or the proxy waits longer.",
    fix: "Lower the limit in the policy and in the proxy (nginx: client_body_timeout).",
  },
  async probe(context) {
    const { login } = context.target;
    if (login === undefined) return notDescribed("where a body can be sent (login)");
    const head = `POST ${login.path} HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`;
    return waitForCut(context, head, context.policy.requestTimeoutSeconds);
  },
};

const idleConnection: Control<Policy> = {
  id: "transport.idle-connection-closed",
  claim: "An idle connection is closed in time",
  proves: ["keepAliveTimeoutSeconds"],
  references: ["rfc:9112-9.8"],
  advice: {
    symptom: "Idle connections pile up.",
    cause: "transport.keepAliveTimeoutSeconds is long, or the proxy keeps connections longer.",
    fix: "Lower the limit in the policy and in the proxy.",
  },
  async probe(context) {
    const limit = context.policy.keepAliveTimeoutSeconds;
    if (!(await answersRaw(context))) return silent;
    const request = `GET / HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}\r\n`;
    const answer = await context.raw(request, {
      // Its time begins with the answer, which a server that is busy with other probes may give late.
      waitSeconds: Math.min(limit, PATIENCE_SECONDS) + 3 * SLACK_SECONDS,
    });
    if (answer.ended === "refused") return unknown("no connection");
    if (answer.ended === "closed") return pass(`closed after ${answer.seconds.toFixed(1)} s`);
    // A limit above our patience is read from what the server says of itself (RFC 9112, Appendix C.2.2).
    const said = /\r\nkeep-alive:[^\r\n]*timeout=(\d{1,6})\b/i.exec(answer.text)?.[1];
    if (limit <= PATIENCE_SECONDS)
      return fail(`still open after ${answer.seconds.toFixed(1)} s`, `closed after ${limit} s`);
    if (said === undefined)
      return unknown(
        `still open after ${answer.seconds.toFixed(0)} s, and the answer does not say for how long`,
      );
    return Number(said) <= limit
      ? pass(`says Keep-Alive: timeout=${said}`)
      : fail(`says Keep-Alive: timeout=${said}`, `at most ${limit} s`);
  },
};

const longHeader: Control<Policy> = {
  id: "transport.long-header-refused",
  claim: "A header beyond the limit is refused",
  proves: ["maxHeaderBytes"],
  references: ["cwe:400", "req:LIM-6"],
  advice: {
    symptom: "Memory is spent on headers of any size.",
    cause: "transport.maxHeaderBytes is large.",
    fix: "Lower it; 16 KiB hold every honest header.",
  },
  async probe(context) {
    if (!(await answersRaw(context))) return silent;
    const filler = "a".repeat(context.policy.maxHeaderBytes + 512);
    const answer = await context.raw(
      `GET / HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}X-Filler: ${filler}\r\nConnection: close\r\n\r\n`,
    );
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.text)?.[1] ?? Number.NaN);
    if (isRefused(status)) return pass(`refused with ${status}`);
    if (Number.isNaN(status))
      return answer.ended === "closed" ? pass("closed without an answer") : unknown("no readable answer");
    return fail(`answered with ${status}`, "a refusal (431)");
  },
};

const longUrl: Control<Policy> = {
  id: "transport.long-url-refused",
  claim: "An address beyond the limit is refused",
  proves: ["maxUrlLength"],
  references: ["cwe:400", "rfc:9110-15.5.15"],
  advice: {
    symptom: "Logs and parsers are fed addresses of any length.",
    cause: "transport.maxUrlLength is large.",
    fix: "Lower it; 2,048 characters hold every honest address.",
  },
  async probe(context) {
    const path = `${context.target.samples?.html ?? "/"}?q=${"a".repeat(context.policy.maxUrlLength)}`;
    const { response } = await context.anonymous().send({ path });
    return isRefused(response.status)
      ? pass(`refused with ${response.status}`)
      : fail(`answered with ${response.status}`, "a refusal (414)");
  },
};

const ambiguous: readonly (readonly [string, string])[] = [
  [
    "Content-Length and Transfer-Encoding",
    "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
  ],
  ["two Content-Lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
  ["a header name with a space", "Content-Length : 1\r\n\r\na"],
  ["a folded header", "X-Folded: a\r\n b\r\nContent-Length: 1\r\n\r\na"],
  ["an unknown transfer coding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  ["a bare carriage return", "X-Bare: a\rb\r\nContent-Length: 1\r\n\r\na"],
];

const smuggling: Control<Policy> = {
  id: "transport.ambiguous-request-refused",
  claim: "Requests that two parsers could read differently are refused",
  proves: [],
  references: ["asvs:v5.0.0-4.2.1", "rfc:9112-6.3", "cwe:444"],
  advice: {
    symptom: "One request can be hidden inside another (request smuggling).",
    cause: "A lenient HTTP parser in front or behind.",
    fix: "Run a current Node without insecureHTTPParser and a current proxy.",
  },
  async probe(context) {
    const path = context.target.login?.path ?? "/";
    if (!(await answersRaw(context))) return silent;
    for (const [what, rest] of ambiguous) {
      const answer = await context.raw(
        `POST ${path} HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}Content-Type: application/json\r\n${rest}`,
        { waitSeconds: 3 },
      );
      if (answer.ended === "refused") return unknown("no connection");
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.text)?.[1] ?? Number.NaN);
      // 400 or 501 refuse the message itself; any other answer means that it was understood one way or another.
      if (status !== 400 && status !== 501 && !(Number.isNaN(status) && answer.ended === "closed"))
        return fail(
          `${what}: ${Number.isNaN(status) ? "no answer" : `answered with ${status}`}`,
          "400 and a closed connection",
        );
    }
    return pass(`${ambiguous.length} shapes refused`);
  },
};

export const transportControls: RoomControls<Policy> = {
  controls: [
    httpsRequired,
    hostChecked,
    slowHeader,
    slowBody,
    idleConnection,
    longHeader,
    longUrl,
    smuggling,
  ],
  unprovable: [
    {
      leaf: "trustedProxies",
      reason:
        "Whether a forwarded header is believed shows only to one who sends from an address that is on the list, and one who is not; a verifier has one address.",
    },
  ],
};
