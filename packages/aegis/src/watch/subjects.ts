/** What is watched, and when it is well. Pure: facts in, observations out. */
import { hash, type X509Certificate } from "node:crypto";
import { exactQuantile } from "./beats.ts";
import { type Advice, type Observation, type Status } from "./model.ts";

/** An answer, or how the connection failed. */
export type Answer =
  | { readonly status: number; readonly said: string | undefined }
  | { readonly fault: string; readonly reason: string };

export interface Beat {
  readonly health: Answer;
  /** Undefined: not asked, because health was not well. */
  readonly ready: Answer | undefined;
  /** How long health took. */
  readonly latencyMs: number | undefined;
  /** What its clock said, and between which moments of ours; all in milliseconds. */
  readonly clock: { readonly date: number; readonly asked: number; readonly answered: number } | undefined;
}

/** Ours could not get that far, or the target answers this watch no more often: that says nothing of it. */
const OURS = new Set(["network", "limited"]);

const told = (answer: Answer): string => ("fault" in answer ? answer.reason : String(answer.status));
const isGood = (answer: Answer): boolean =>
  !("fault" in answer) && answer.status >= 200 && answer.status < 300 && (answer.said ?? "ok") === "ok";
const statusOf = (answer: Answer): Status =>
  isGood(answer) ? "good" : "fault" in answer && OURS.has(answer.fault) ? "unseen" : "bad";

const DOWN: Advice = {
  symptom: "People get no answer, or an error page; a balancer takes the server out.",
  cause: "The server, or the proxy in front of it, does not run, or runs and is not well.",
  fix: "See what its last lines say (`journalctl -u hub -n 50`) and start it again; `npx aegis check` says what else is wrong on its machine.",
};
const NOT_READY: Advice = {
  symptom: "Whoever is signed in gets 503.",
  cause: "The server runs, and its database or Redis does not answer it.",
  fix: "Start what is away: `npx aegis check database redis` says which.",
};

export function beatObservations({ health, ready }: Beat): readonly Observation[] {
  return [
    {
      subject: "health",
      claim: "It answers, and says that it is well.",
      status: statusOf(health),
      observed: told(health),
      advice: DOWN,
    },
    ...(ready === undefined
      ? []
      : [
          {
            subject: "ready",
            claim: "Everything that it needs is there for it.",
            status: statusOf(ready),
            observed: told(ready),
            advice: NOT_READY,
          },
        ]),
  ];
}

/** A full window of latencies. */
export function latencyObservation(window: readonly number[], slowMs: number): Observation {
  const [p50, p95] = [exactQuantile(window, 0.5), exactQuantile(window, 0.95)];
  return {
    subject: "latency",
    claim: `95 of 100 answers of its health check come within ${slowMs} ms.`,
    status: p95 <= slowMs ? "good" : "bad",
    observed: `p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`,
    advice: {
      symptom: "Pages come late.",
      cause: "The machine is busy, its event loop is held up, or the way there is slow.",
      fix: "See what the machine does (CPU, memory, database) since the time that is told here.",
    },
  };
}

/** A Date header has whole seconds: it is apart by what no moment within its second explains. */
export function clockObservation(
  { date, asked, answered }: NonNullable<Beat["clock"]>,
  mostMs: number,
): Observation {
  const apart = Math.max(0, date - answered, asked - (date + 1000));
  return {
    subject: "clock",
    claim: `Its clock and that of this watch are less than ${mostMs / 1000} s apart.`,
    status: apart < mostMs ? "good" : "bad",
    observed: `${(apart / 1000).toFixed(1)} s apart`,
    advice: {
      symptom: "Codes of authenticator apps are refused; sessions end too early or too late.",
      cause: "One of the two clocks is wrong.",
      fix: "Set the clock on both machines: `timedatectl set-ntp true`.",
    },
  };
}

export interface CertificateFacts {
  readonly chain: readonly X509Certificate[];
  /** What is wrong with it but for the days that are left; undefined: nobody was to look (`--insecure`). */
  readonly problems: readonly string[] | undefined;
}

const DAY_MS = 86_400_000;

export function certificateObservations(
  { chain, problems }: CertificateFacts,
  minDays: number,
  now: number,
): readonly Observation[] {
  const left = Math.floor((Math.min(...chain.map((one) => one.validToDate.getTime())) - now) / DAY_MS);
  return [
    {
      subject: "certificate",
      claim: `The certificate is valid for ${minDays} days and more.`,
      status: left >= minDays ? "good" : "bad",
      observed: left < 0 ? `over since ${-left} days` : `${left} days left`,
      advice: {
        symptom:
          left < 0 ? "Browsers refuse the connection." : `Browsers refuse the connection in ${left} days.`,
        cause: "It was not renewed, or was renewed and the proxy still shows the one before.",
        fix: "Renew it (`certbot renew`) and have the proxy read it (`systemctl reload nginx`); `npx aegis certs inspect` looks at both.",
      },
    },
    {
      subject: "certificate-trust",
      claim: "The certificate is good for this name and leads to a known authority, by safe protocols alone.",
      status: problems === undefined ? "unseen" : problems.length === 0 ? "good" : "bad",
      observed:
        problems === undefined
          ? "not looked at"
          : problems.length === 0
            ? "nothing is wrong with it"
            : problems.join("; "),
      advice: {
        symptom: "Browsers warn, or refuse the connection.",
        cause: "Another certificate is shown than was meant, or its chain is not complete.",
        fix: "See what is wrong: `npx aegis certs inspect` with this address.",
      },
    },
  ];
}

/** Whose key it is, and by whom it was issued: a renewal by the same authority with the same key is no other. */
export const identityOf = (own: X509Certificate): string =>
  `key ${hash("sha256", own.publicKey.export({ type: "spki", format: "der" }), "base64url").slice(0, 22)}, issued by ${own.issuer.replaceAll(/\s+/g, ", ").slice(0, 120)}`;

/** What the verifier has found; structurally its Finding. */
export interface ControlFinding {
  readonly id: string;
  readonly claim: string;
  readonly outcome: "pass" | "fail" | "not-applicable" | "unknown" | "error";
  readonly observed: string;
  readonly advice: Advice;
}

/** What is not seen to hold is not good: `unknown`, an error, and what applied before and no longer does. */
export const controlObservations = (findings: readonly ControlFinding[]): readonly Observation[] =>
  findings.map(({ id, claim, outcome, observed, advice }) => ({
    subject: `control:${id}`,
    claim,
    status: outcome === "pass" ? "good" : outcome === "fail" ? "bad" : "unseen",
    observed: outcome === "not-applicable" ? `does not apply: ${observed}` : observed,
    advice,
  }));
