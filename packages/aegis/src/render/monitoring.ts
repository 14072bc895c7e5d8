/** Who watches a deployment, and who is told: the part of its description that Prometheus and Alertmanager need. */
import Type from "typebox";

export const HOST = "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?";
/** 1 to 65535. */
export const PORT =
  "(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
const text = (pattern: string) => Type.String({ pattern, maxLength: 256 });
const path = text("^/[A-Za-z0-9._/@-]+$");
const place = text(`^(${HOST}|\\[[0-9a-f:]+\\]):${PORT}$`);
const mail = text("^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$");
const closed = <T extends Record<string, Type.TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

/** What an alert expects to be measured: that it is not, is an alert. */
const measures = ["certificate", "backup"] as const;

export const monitoringSchema = closed({
  /** The application's processes as Prometheus reaches them; empty: the upstreams. */
  targets: Type.Array(place, { maxItems: 64, uniqueItems: true }),
  /** Holds the metrics token (METRICS_TOKEN of the application), readable by Prometheus alone. */
  tokenFile: path,
  /** Where `alerts.yml` lies. */
  rulesFile: path,
  alertmanagers: Type.Array(place, { maxItems: 8, uniqueItems: true }),
  /** What is measured beside the application itself: the certificate that people are shown, the age of backups. */
  measures: Type.Array(Type.Unsafe<(typeof measures)[number]>({ enum: [...measures] }), {
    uniqueItems: true,
  }),
  /** Where the runbooks are read; each alert links its section. */
  runbooks: text("^https?://[A-Za-z0-9._~:/-]+$"),
  email: Type.Optional(
    closed({
      to: Type.Array(mail, { minItems: 1, maxItems: 16, uniqueItems: true }),
      from: mail,
      smarthost: place,
      /** Empty: the mail server asks for no name. */
      username: text("^[A-Za-z0-9._+@-]*$"),
      passwordFile: text("^$|^/[A-Za-z0-9._/@-]+$"),
      /** STARTTLS is demanded; without it whoever listens reads what is wrong here. */
      requireTls: Type.Boolean(),
    }),
  ),
  webhooks: Type.Array(
    closed({
      url: text("^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~/-]*)?$"),
      /** Sent as a bearer token; absent: none. A token in the address would stand in this file. */
      tokenFile: Type.Optional(path),
    }),
    { maxItems: 16 },
  ),
});

export type Monitoring = Type.Static<typeof monitoringSchema>;

export const monitoringDefaults = (name: string) => ({
  targets: [],
  tokenFile: `/etc/prometheus/${name}-metrics-token`,
  rulesFile: "/etc/prometheus/alerts.yml",
  alertmanagers: ["127.0.0.1:9093"],
  measures: ["certificate", "backup"],
  webhooks: [],
});

export const emailDefaults = { username: "", passwordFile: "", requireTls: true };
