/**
 * When somebody is told, and what is wrong then: one row an alert, each with its threshold from the policy and its section
 * in docs/runbooks.md. What is not known is no good news: a figure that has to be there and is not, is an alert too.
 */
import type { Policy } from "../policy.ts";
import type { Monitoring } from "./monitoring.ts";

export interface Alert {
  readonly name: string;
  /** critical: people are affected now, or evidence is. warning: they will be. */
  readonly severity: "critical" | "warning";
  /** One line; Prometheus fills in `{{ $value }}`. */
  readonly summary: string;
  /** PromQL; true while something comes out. */
  readonly expression: string;
}

const FAILED_SIGN_INS = ["session.sign_in_failed", "throttle.delayed", "mfa.code_refused", "passkey.refused"];

/** `job` is what the scrape configuration names the application by. */
export function alertsOf(
  { metrics, backup }: Policy,
  job: string,
  { measures }: Monitoring,
): readonly Alert[] {
  const { alerts } = metrics;
  const only = (more = ""): string => `{job=${JSON.stringify(job)}${more === "" ? "" : `,${more}`}}`;
  const rise = (name: string, more = ""): string =>
    `sum(increase(${name}${only(more)}[${alerts.windowSeconds}s]))`;
  /** A share of too few says nothing. */
  const share = (part: string, whole: string, percent: number): string =>
    `100 * ${part} / ${whole} > ${percent} and ${whole} >= ${alerts.leastRequestCount}`;
  const events = (names: readonly string[]): string =>
    rise("aegis_events_total", `event=~"${names.map((one) => one.replaceAll(".", "[.]")).join("|")}"`);
  const answers = (more = ""): string => rise("aegis_answers_total", more);
  const orUnknown = (name: string, expression: string): string => `${expression} or absent(${name}${only()})`;

  return [
    {
      name: "TargetDown",
      severity: "critical",
      summary: "{{ $labels.instance }} gives no metrics: it is stopped, hangs, or refuses the token.",
      expression: `up${only()} == 0`,
    },
    {
      name: "ServerErrors",
      severity: "critical",
      summary: '{{ $value | printf "%.1f" }} % of all answers are 5xx.',
      expression: share(answers('class="5xx"'), answers(), alerts.serverErrorPercentLimit),
    },
    {
      name: "StoreAway",
      severity: "critical",
      summary: "{{ $labels.store }} does not answer {{ $labels.instance }}.",
      expression: `min by (instance, store) (aegis_store_up${only()}) == 0`,
    },
    {
      name: "SignInFailures",
      severity: "warning",
      summary: '{{ $value | printf "%.1f" }} % of all sign-ins fail.',
      expression: share(
        events(FAILED_SIGN_INS),
        events([...FAILED_SIGN_INS, "session.signed_in"]),
        alerts.signInFailurePercentLimit,
      ),
    },
    {
      name: "CsrfFailures",
      severity: "warning",
      summary:
        '{{ $value | printf "%.1f" }} % of what changes something is refused for forged or missing CSRF proof.',
      expression: share(events(["csrf.refused"]), answers('kind="write"'), alerts.csrfFailurePercentLimit),
    },
    {
      name: "LimitRefusals",
      severity: "warning",
      summary: '{{ $value | printf "%.1f" }} % of all answers are 429.',
      expression: share(rise("aegis_limited_total"), answers(), alerts.limitedPercentLimit),
    },
    {
      name: "SlowAnswers",
      severity: "warning",
      summary: 'One answer of twenty takes {{ $value | printf "%.1f" }} s or longer.',
      expression: `histogram_quantile(0.95, sum by (le) (rate(aegis_request_seconds_bucket${only()}[${alerts.windowSeconds}s]))) > ${alerts.slowAnswerSeconds} and ${answers()} >= ${alerts.leastRequestCount}`,
    },
    {
      name: "EventLoopLate",
      severity: "warning",
      summary:
        'A process of {{ $labels.instance }} is {{ $value | printf "%.2f" }} s late with everything it does.',
      expression: `max by (instance) (aegis_event_loop_delay_seconds${only('quantile="0.99"')}) > ${alerts.eventLoopMillisecondsLimit / 1000}`,
    },
    {
      name: "HeapNearlyFull",
      severity: "warning",
      summary:
        'A process of {{ $labels.instance }} uses {{ $value | printf "%.0f" }} % of the memory that it may.',
      expression: `100 * max by (instance) (aegis_memory_bytes${only('kind="heap_used"')} / ignoring (kind) aegis_memory_bytes${only('kind="heap_limit"')}) > ${alerts.heapPercentLimit}`,
    },
    {
      name: "PoolExhausted",
      severity: "warning",
      summary:
        '{{ $value | printf "%.0f" }} % of the connections to {{ $labels.pool }} are in use on {{ $labels.instance }}.',
      expression: `100 * max by (instance, pool) (aegis_pool_used${only()} / aegis_pool_limit${only()}) > ${alerts.poolPercentLimit}`,
    },
    {
      name: "RevocationSlow",
      severity: "critical",
      summary: "{{ $labels.instance }} does not learn in time which sessions were ended.",
      expression: `min by (instance) (aegis_revocation_fresh${only()}) == 0 or max by (instance) (aegis_revocation_seconds${only()}) > ${alerts.revocationSeconds}`,
    },
    {
      name: "AuditFailing",
      severity: "critical",
      summary: "The audit log takes no entries of {{ $labels.instance }}, or has lost some.",
      expression: `max by (instance) (aegis_audit_failing${only()}) == 1 or sum by (instance) (increase(aegis_audit_lost_total${only()}[${alerts.windowSeconds}s])) > 0`,
    },
    {
      name: "AuditChainBroken",
      severity: "critical",
      summary: "An entry of the audit log is gone or was changed; {{ $labels.instance }} found it.",
      expression: `max by (instance) (aegis_audit_broken${only()}) == 1`,
    },
    {
      name: "PoliciesDiffer",
      severity: "warning",
      summary: "The instances run {{ $value }} different policies.",
      expression: `count(count by (policy) (aegis_info${only()})) > 1`,
    },
    ...(measures.includes("certificate")
      ? [
          {
            name: "CertificateEnding",
            severity: "warning",
            summary: "The certificate that people are shown ends soon, or cannot be seen.",
            expression: orUnknown(
              "aegis_certificate_end_seconds",
              `min(aegis_certificate_end_seconds${only()}) - time() < ${alerts.certificateSeconds}`,
            ),
          } as const,
        ]
      : []),
    ...(measures.includes("backup")
      ? [
          {
            name: "BackupOverdue",
            severity: "critical",
            summary: "The newest backup is too old, or there is none to be seen.",
            expression: orUnknown(
              "aegis_backup_last_seconds",
              `time() - max(aegis_backup_last_seconds${only()}) > ${backup.maxAgeSeconds}`,
            ),
          } as const,
        ]
      : []),
  ];
}
