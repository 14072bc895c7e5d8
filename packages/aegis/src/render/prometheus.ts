/** Prometheus: what it reads and when it tells; Alertmanager: whom. Secrets are named by their files, never written. */
import type { Policy } from "../policy.ts";
import { alertsOf } from "./alerts.ts";
import { head, type Render, RenderError } from "./artefact.ts";
import type { Deployment } from "./deployment.ts";
import type { Monitoring } from "./monitoring.ts";

function monitoringOf({ monitoring }: Deployment): Monitoring {
  if (monitoring === undefined) throw new RenderError('The deployment description has no "monitoring".');
  return monitoring;
}

/** JSON is YAML: no text can end its own quotes. */
const quoted = (value: string | readonly string[]): string => JSON.stringify(value);

/** @throws RenderError where nobody watches the deployment */
export const renderPrometheus: Render = (policy, deployment) => {
  const { targets, tokenFile, rulesFile, alertmanagers } = monitoringOf(deployment);
  const every = `${policy.metrics.scrapeSeconds}s`;
  return [
    head("prometheus", policy, [
      "Belongs at /etc/prometheus/prometheus.yml. The token's file is for Prometheus alone: owner prometheus, mode 0400.",
    ]).trimEnd(),
    "",
    "global:",
    `  scrape_interval: ${every}`,
    `  scrape_timeout: ${timeoutOf(policy)}s`,
    `  evaluation_interval: ${every}`,
    "",
    `rule_files: [${quoted(rulesFile)}]`,
    "",
    "alerting:",
    "  alertmanagers:",
    "    - static_configs:",
    `        - targets: ${quoted(alertmanagers)}`,
    "",
    "scrape_configs:",
    `  - job_name: ${quoted(deployment.name)}`,
    "    metrics_path: /metrics",
    "    authorization:",
    "      type: Bearer",
    `      credentials_file: ${quoted(tokenFile)}`,
    "    follow_redirects: false # the token goes nowhere else",
    "    body_size_limit: 16MB",
    "    sample_limit: 50000",
    "    static_configs:",
    `      - targets: ${quoted(targets.length > 0 ? targets : deployment.upstreams)}`,
    "",
  ].join("\n");
};

/** A scrape that hangs is over before the next begins; the application's own questions take two seconds at most. */
const timeoutOf = ({ metrics }: Policy): number => Math.min(10, metrics.scrapeSeconds);

/** @throws RenderError where nobody watches the deployment */
export const renderAlerts: Render = (policy, deployment) => {
  const monitoring = monitoringOf(deployment);
  return [
    head("alerts", policy, [
      `Belongs at ${monitoring.rulesFile}. Thresholds: metrics.alerts of the policy.`,
    ]).trimEnd(),
    "",
    "groups:",
    `  - name: ${quoted(deployment.name)}`,
    "    rules:",
    ...alertsOf(policy, deployment.name, monitoring).flatMap(({ name, severity, summary, expression }) => [
      `      - alert: ${name}`,
      `        expr: ${quoted(expression)}`,
      `        for: ${policy.metrics.alerts.holdSeconds}s`,
      `        labels: { severity: ${severity}, service: ${quoted(deployment.name)} }`,
      "        annotations:",
      `          summary: ${quoted(summary)}`,
      `          runbook_url: ${quoted(`${monitoring.runbooks}#${name.toLowerCase()}`)}`,
    ]),
    "",
  ].join("\n");
};

/** @throws RenderError where nobody watches the deployment, or nobody would be told */
export const renderAlertmanager: Render = (policy, deployment) => {
  const { email, webhooks } = monitoringOf(deployment);
  if (email === undefined && webhooks.length === 0)
    throw new RenderError("Nobody would be told: give monitoring.email, monitoring.webhooks, or both.");
  const { scrapeSeconds, alerts } = policy.metrics;
  return [
    head("alertmanager", policy, ["Belongs at /etc/prometheus/alertmanager.yml."]).trimEnd(),
    "",
    "route:",
    "  receiver: operators",
    "  group_by: [service, alertname]",
    `  group_wait: ${scrapeSeconds}s`,
    `  group_interval: ${4 * scrapeSeconds}s`,
    `  repeat_interval: ${alerts.repeatSeconds}s`,
    "",
    "receivers:",
    "  - name: operators",
    ...(email === undefined ? [] : ["    email_configs:", ...email.to.flatMap((to) => mailTo(to, email))]),
    ...(webhooks.length === 0 ? [] : ["    webhook_configs:", ...webhooks.flatMap(webhook)]),
    "",
  ].join("\n");
};

const mailTo = (to: string, email: NonNullable<Monitoring["email"]>): readonly string[] => [
  `      - to: ${quoted(to)}`,
  `        from: ${quoted(email.from)}`,
  `        smarthost: ${quoted(email.smarthost)}`,
  ...(email.username === "" ? [] : [`        auth_username: ${quoted(email.username)}`]),
  ...(email.passwordFile === "" ? [] : [`        auth_password_file: ${quoted(email.passwordFile)}`]),
  `        require_tls: ${email.requireTls}`,
  "        send_resolved: true",
];

const webhook = ({ url, tokenFile }: Monitoring["webhooks"][number]): readonly string[] => [
  `      - url: ${quoted(url)}`,
  ...(tokenFile === undefined
    ? []
    : [
        "        http_config:",
        "          authorization:",
        `            credentials_file: ${quoted(tokenFile)}`,
      ]),
  "        send_resolved: true",
];
