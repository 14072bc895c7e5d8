/** Where a system runs: what the policy does not say and a configuration file needs. Data from outside, so closed. */
import Type from "typebox";
import { Value } from "typebox/value";
import { isRecord, mergeData } from "../lib/freeze.ts";
import { emailDefaults, HOST, monitoringDefaults, monitoringSchema, PORT } from "./monitoring.ts";

// Every text lands in somebody's configuration file: none may hold a space, a quote, a bracket, a semicolon or a dollar.
const text = (pattern: string) => Type.String({ pattern, maxLength: 256 });
const PATH = "^/[A-Za-z0-9._/@-]+$";
const path = text(PATH);
const pathOrNone = text(`^$|${PATH}`);
const user = text("^[a-z_][a-z0-9_-]{0,31}$");
const place = text(`^([0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:]+\\]):${PORT}$`);
const route = text("^/[A-Za-z0-9._/-]*$");
const list = (item: ReturnType<typeof text>, minItems = 0) =>
  Type.Array(item, { minItems, maxItems: 64, uniqueItems: true });
const closed = <T extends Record<string, Type.TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const serviceSchema = closed({
  user,
  /** The release; nothing in it is writable. */
  directory: path,
  node: path,
  /** Within `directory`. */
  entry: text("^[A-Za-z0-9._/-]+$"),
  /** KEY=value lines, readable by root alone. */
  environmentFile: path,
  /** Files that the service reads, and nobody else: each is named to it by a variable. */
  credentials: Type.Array(
    closed({ name: text("^[a-z][a-z0-9-]{0,63}$"), file: path, variable: text("^[A-Z][A-Z0-9_]{0,63}$") }),
    { maxItems: 32 },
  ),
  /** A folder under /var/lib that is its own. */
  stateDirectory: text("^[a-z][a-z0-9-]{0,31}$"),
  /** Names it to the service. */
  stateVariable: text("^[A-Z][A-Z0-9_]{0,63}$"),
  /** Units that it starts after. */
  after: list(text("^[A-Za-z0-9@._-]+\\.(service|target|socket)$")),
  stopSeconds: Type.Integer({ minimum: 5, maximum: 600 }),
  memoryLimitBytes: Type.Integer({ minimum: 67_108_864, maximum: 1_099_511_627_776 }),
  taskLimit: Type.Integer({ minimum: 16, maximum: 100_000 }),
});

const image = text("^[a-z0-9][a-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$");
const containerSchema = closed({
  /** Names of images, best with their digest (name:tag@sha256:...): a tag is whatever somebody pushed last. */
  images: closed({ node: image, nginx: image, postgres: image, redis: image }),
  /** What the build needs of the project, and nothing else: no key that lies beside it gets into an image. */
  sources: list(text("^[A-Za-z0-9._-]+$"), 1),
  /** Builds it, from a folder with these sources. */
  buildCommand: text("^[A-Za-z0-9._/ -]+$"),
  /** Within the project. */
  entry: text("^[A-Za-z0-9._/-]+$"),
  healthPath: route,
  port: Type.Integer({ minimum: 1024, maximum: 65_535 }),
  userId: Type.Integer({ minimum: 1000, maximum: 60_000 }),
  stateDirectory: path,
  stateVariable: text("^[A-Z][A-Z0-9_]{0,63}$"),
  /** The project, seen from the compose file. */
  context: text("^[A-Za-z0-9._/-]+$"),
  /** This file's folder, seen from the project. */
  folder: text("^[A-Za-z0-9._/-]+$"),
  /** First three numbers of the network between proxy and application; the proxy is number 2 in it, the application 3. */
  network: text("^[0-9]{1,3}(\\.[0-9]{1,3}){2}$"),
  memoryLimitBytes: Type.Integer({ minimum: 67_108_864, maximum: 1_099_511_627_776 }),
  stopSeconds: Type.Integer({ minimum: 5, maximum: 600 }),
});

export const deploymentSchema = closed({
  /** Names files, units and zones. */
  name: text("^[a-z][a-z0-9-]{0,31}$"),
  /** Where people reach it: PUBLIC_ORIGIN of the application. */
  origin: text(`^https://${HOST}(:${PORT})?$`),
  /** The application's processes, as the proxy reaches them. */
  upstreams: list(text(`^(${HOST}|\\[[0-9a-f:]+\\]):${PORT}$`), 1),
  listen: closed({ http: list(place), https: list(place, 1) }),
  tls: closed({
    /** The certificate and what is between it and its authority, in that order. */
    certificateFile: path,
    keyFile: path,
    /** Staples OCSP answers, asked for over these resolvers. Empty: not, as most authorities have ended OCSP. */
    ocspResolvers: list(place),
    /** The authorities that OCSP answers are checked against. */
    ocspTrustFile: pathOrNone,
  }),
  /** Served under /.well-known/acme-challenge/ over plain HTTP, for certbot. Empty: not. */
  acmeDirectory: pathOrNone,
  /** Answers that are sent as they are made (server-sent events). */
  streams: list(route),
  /** Files with a release's mark in their names, under these prefixes: an instance that has another release has none. */
  assets: list(text("^/[A-Za-z0-9._/-]*/$")),
  /**
   * Where `aegis release` marks the instances that are out, each by the number of its port: the proxy looks at it for
   * every request, and is never reloaded. Empty: not.
   */
  outDirectory: pathOrNone,
  /** Routes that take files: their bodies may be as large as a file. */
  uploads: list(route),
  /** ModSecurity with the OWASP core rule set. detect: tells its log, refuses nothing. */
  firewall: Type.Union([Type.Literal("off"), Type.Literal("detect"), Type.Literal("block")]),
  nginx: closed({
    user,
    pidFile: path,
    logDirectory: path,
    temporaryDirectory: path,
    modulesDirectory: path,
    /** What ModSecurity reads, in that order; Debian's own list is for Apache's version of it. */
    /** files: in logDirectory, to be rotated. output: to who started it, as containers do. */
    logTo: Type.Union([Type.Literal("files"), Type.Literal("output")]),
    ruleSetFiles: list(text("^/[A-Za-z0-9._/@*-]+$")),
  }),
  /** systemd units; absent: none. */
  service: Type.Optional(serviceSchema),
  /** Dockerfile and compose file; absent: none. */
  container: Type.Optional(containerSchema),
  /** Prometheus and Alertmanager; absent: neither. */
  monitoring: Type.Optional(monitoringSchema),
  logs: closed({ keepDays: Type.Integer({ minimum: 1, maximum: 3650 }) }),
});

export type Deployment = Type.Static<typeof deploymentSchema>;

/** What a deployment has to say for itself; everything else is as Debian has it. */
const defaults = {
  upstreams: ["127.0.0.1:3000"],
  listen: { http: ["0.0.0.0:80", "[::]:80"], https: ["0.0.0.0:443", "[::]:443"] },
  tls: { ocspResolvers: [], ocspTrustFile: "" },
  acmeDirectory: "/var/www/acme",
  streams: [],
  assets: [],
  outDirectory: "",
  uploads: [],
  firewall: "off",
  nginx: {
    user: "www-data",
    pidFile: "/run/nginx.pid",
    logTo: "files",
    logDirectory: "/var/log/nginx",
    temporaryDirectory: "/var/lib/nginx",
    modulesDirectory: "/usr/lib/nginx/modules",
    ruleSetFiles: ["/etc/modsecurity/crs/crs-setup.conf", "/usr/share/modsecurity-crs/rules/*.conf"],
  },
  logs: { keepDays: 14 },
};

const serviceDefaults = (name: string) => ({
  user: name,
  directory: `/opt/${name}/current`,
  node: "/usr/bin/node",
  environmentFile: `/etc/${name}/environment`,
  credentials: [],
  stateDirectory: name,
  stateVariable: "AEGIS_DIRECTORY",
  after: ["network-online.target"],
  stopSeconds: 30,
  memoryLimitBytes: 2_147_483_648,
  taskLimit: 512,
});

const containerDefaults = (name: string) => ({
  images: {
    node: "node:24-bookworm-slim",
    nginx: "nginx:1.28-bookworm",
    postgres: "postgres:15-bookworm",
    redis: "redis:7-bookworm",
  },
  healthPath: "/health",
  port: 3000,
  userId: 10_001,
  stateDirectory: `/var/lib/${name}`,
  stateVariable: "AEGIS_DIRECTORY",
  network: "172.30.77",
  memoryLimitBytes: 2_147_483_648,
  stopSeconds: 30,
});

const monitoringOf = (name: string, given: unknown) => ({
  ...monitoringDefaults(name),
  ...(isRecord(given) && given["email"] !== undefined ? { email: emailDefaults } : {}),
});

export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
}

const MAX_PROBLEMS = 5;

/**
 * The description, complete.
 * @throws DeploymentError naming what is wrong or missing, at most five things at once.
 */
export function parseDeployment(data: unknown): Deployment {
  const name = isRecord(data) && typeof data["name"] === "string" ? data["name"] : "app";
  const whole: unknown = isRecord(data)
    ? mergeData(
        {
          ...defaults,
          ...(data["service"] === undefined ? {} : { service: serviceDefaults(name) }),
          ...(data["container"] === undefined ? {} : { container: containerDefaults(name) }),
          ...(data["monitoring"] === undefined ? {} : { monitoring: monitoringOf(name, data["monitoring"]) }),
        },
        data,
      )
    : data;
  if (Value.Check(deploymentSchema, whole)) return whole;
  const problems = Value.Errors(deploymentSchema, whole)
    .filter(({ keyword }) => keyword !== "boolean")
    .slice(0, MAX_PROBLEMS)
    .map((error) => {
      const where =
        error.instancePath === "" ? "the description" : error.instancePath.slice(1).replaceAll("/", ".");
      const extra =
        error.keyword === "additionalProperties" ? ` (${error.params.additionalProperties.join(", ")})` : "";
      return `${where} ${error.message}${extra}`;
    });
  throw new DeploymentError(`The deployment description is not valid: ${problems.join("; ")}.`);
}
