/** "aegis/render": whole configuration files from a policy and a deployment description, as texts. */
import type { Render } from "./artefact.ts";
import { renderCompose, renderDockerfile } from "./container.ts";
import type { Deployment } from "./deployment.ts";
import { renderLogrotate } from "./logrotate.ts";
import { renderNginx } from "./nginx.ts";
import { renderAlertmanager, renderAlerts, renderPrometheus } from "./prometheus.ts";
import { renderSystemd } from "./systemd.ts";

export { type Render, RenderError } from "./artefact.ts";
export { type Alert, alertsOf } from "./alerts.ts";
export { type Deployment, DeploymentError, deploymentSchema, parseDeployment } from "./deployment.ts";

export interface Artefact {
  /** What it is, for people. */
  readonly about: string;
  /** Its name in a folder of all of them. */
  readonly file: (deployment: Deployment) => string;
  /** Whether this deployment has one. */
  readonly wanted: (deployment: Deployment) => boolean;
  readonly render: Render;
}

/** Every target by name. A new one is a file here and a row. */
export const artefacts = {
  nginx: {
    about: "the proxy in front: TLS, redirects, forwarded headers, limits",
    file: () => "nginx.conf",
    wanted: () => true,
    render: renderNginx,
  },
  logrotate: {
    about: "how long the proxy's logs are kept",
    file: () => "logrotate.conf",
    wanted: ({ nginx }) => nginx.logTo === "files",
    render: renderLogrotate,
  },
  systemd: {
    about: "the application as a service, shut in",
    file: ({ name }) => `${name}@.service`,
    wanted: ({ service }) => service !== undefined,
    render: renderSystemd,
  },
  dockerfile: {
    about: "the application as an image",
    file: () => "Dockerfile",
    wanted: ({ container }) => container !== undefined,
    render: renderDockerfile,
  },
  compose: {
    about: "the application in containers, with nginx, PostgreSQL and Redis",
    file: () => "compose.yaml",
    wanted: ({ container }) => container !== undefined,
    render: renderCompose,
  },
  prometheus: {
    about: "what Prometheus reads, and how often",
    file: () => "prometheus.yml",
    wanted: ({ monitoring }) => monitoring !== undefined,
    render: renderPrometheus,
  },
  alerts: {
    about: "when somebody is told: rules of Prometheus with the policy's thresholds",
    file: () => "alerts.yml",
    wanted: ({ monitoring }) => monitoring !== undefined,
    render: renderAlerts,
  },
  alertmanager: {
    about: "who is told, by mail and webhook",
    file: () => "alertmanager.yml",
    wanted: ({ monitoring }) => monitoring !== undefined,
    render: renderAlertmanager,
  },
} as const satisfies Readonly<Record<string, Artefact>>;

export type ArtefactName = keyof typeof artefacts;
