/** Prometheus and Alertmanager of Debian as processes of a test, with rendered files, and a receiver of their webhook. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Policy } from "aegis";
import { artefacts, parseDeployment } from "aegis/render";
import { freePorts } from "./ports.ts";
import { type Running, run } from "./processes.ts";

export interface Notice {
  readonly name: string;
  readonly status: string;
  readonly summary: string;
  readonly runbook: string;
}

export interface WatchersOptions {
  readonly folder: string;
  readonly policy: Policy;
  readonly targets: readonly string[];
  readonly metricsToken: string;
  readonly mail: { readonly smarthost: string; readonly certificateFile: string };
}

export interface Watchers {
  /** Where Prometheus answers. */
  readonly prometheus: string;
  readonly notices: readonly Notice[];
  /** Requests to the webhook that did not bring its token. */
  readonly strangers: () => number;
  /** Resolves when this alert has been delivered. */
  until(name: string, seconds: number): Promise<Notice>;
  /** One value of a query, as Prometheus has it now. */
  value(query: string): Promise<number | undefined>;
  close(): Promise<void>;
}

const WEBHOOK_TOKEN = "webhook-token-of-the-test";

export async function startWatchers(options: WatchersOptions): Promise<Watchers> {
  const { folder, policy, targets, metricsToken, mail } = options;
  const [prometheusPort = 0, alertmanagerPort = 0] = await freePorts(2);
  const at = (name: string): string => join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(at("metrics-token"), metricsToken, { mode: 0o600 });
  writeFileSync(at("webhook-token"), WEBHOOK_TOKEN, { mode: 0o600 });
  const notices: Notice[] = [];
  const listeners = new Set<() => void>();
  let strangers = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.headers.authorization === `Bearer ${WEBHOOK_TOKEN}`)
        notices.push(...noticesIn(JSON.parse(Buffer.concat(chunks).toString())));
      else strangers += 1;
      response.end();
      for (const listener of listeners) listener();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const webhookPort = typeof address === "object" ? (address?.port ?? 0) : 0;

  const deployment = parseDeployment({
    name: "hub",
    origin: "https://hub.test",
    tls: { certificateFile: "/none", keyFile: "/none" },
    monitoring: {
      targets: [...targets],
      tokenFile: at("metrics-token"),
      rulesFile: at("alerts.yml"),
      alertmanagers: [`127.0.0.1:${alertmanagerPort}`],
      runbooks: "https://hub.test/docs/runbooks.md",
      email: { to: ["operators@hub.test"], from: "alerts@hub.test", smarthost: mail.smarthost },
      webhooks: [{ url: `http://127.0.0.1:${webhookPort}/alerts`, tokenFile: at("webhook-token") }],
    },
  });
  for (const name of ["prometheus", "alerts", "alertmanager"] as const)
    writeFileSync(at(`${name}.yml`), artefacts[name].render(policy, deployment));
  const programs: readonly Running[] = [
    run(
      "prometheus-alertmanager",
      [
        `--config.file=${at("alertmanager.yml")}`,
        `--storage.path=${at("alertmanager")}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        "--cluster.listen-address=",
        "--log.level=warn",
      ],
      { SSL_CERT_FILE: mail.certificateFile },
    ),
    run("prometheus", [
      `--config.file=${at("prometheus.yml")}`,
      `--storage.tsdb.path=${at("prometheus")}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      "--log.level=warn",
    ]),
  ];
  const web = `http://127.0.0.1:${prometheusPort}`;
  const isReady = async (origin: string): Promise<boolean> =>
    (await fetch(`${origin}/-/ready`).catch(() => undefined))?.status === 200;
  for (let tries = 0; ; tries++) {
    if ((await isReady(web)) && (await isReady(`http://127.0.0.1:${alertmanagerPort}`))) break;
    if (tries > 150) throw new Error(`they do not start:\n${programs.map((one) => one.output()).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  const delivered = (name: string): Notice | undefined =>
    notices.find((one) => one.name === name && one.status === "firing");
  return {
    prometheus: web,
    notices,
    strangers: () => strangers,
    until: (name, seconds) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = delivered(name);
          if (found === undefined) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          listeners.delete(look);
          const seen = [...new Set(notices.map((one) => `${one.name} ${one.status}`))].join(", ");
          reject(
            new Error(
              `${name} was not delivered within ${seconds} s; there were: ${seen}\n${programs.map((one) => one.output()).join("\n")}`,
            ),
          );
        }, seconds * 1000);
        listeners.add(look);
        look();
      }),
    async value(query) {
      const answer = await fetch(`${web}/api/v1/query?query=${encodeURIComponent(query)}`);
      const text = /"value":\[[\d.]+,"([^"]+)"\]/.exec(await answer.text())?.[1];
      return text === undefined ? undefined : Number(text);
    },
    async close() {
      await Promise.all(programs.map((one) => one.stop()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function noticesIn(data: {
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}): readonly Notice[] {
  return data.alerts.map(({ status, labels, annotations }) => ({
    name: labels["alertname"] ?? "",
    status,
    summary: annotations["summary"] ?? "",
    runbook: annotations["runbook_url"] ?? "",
  }));
}
