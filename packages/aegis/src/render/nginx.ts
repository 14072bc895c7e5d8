/** nginx.conf: TLS, redirects, forwarded headers and limits in front of the application. */
import { headersEdge } from "../headers/edge.ts";
import { inputEdge } from "../input/edge.ts";
import { rateEdge } from "../rate-limit/rate.ts";
import { transportEdge } from "../transport/edge.ts";
import { uploadEdge } from "../upload/edge.ts";
import { block, head, type Render, RenderError } from "./artefact.ts";
import type { Deployment } from "./deployment.ts";
import { answerMaps } from "./nginx-answers.ts";
import { firewallModule } from "./nginx-firewall.ts";
import { logs, timeAndSize, tls, upstreams, zones } from "./nginx-http.ts";
import { application, unknownHosts, whatIsPlain } from "./nginx-servers.ts";

/**
 * The whole nginx.conf (nginx 1.19.4 or later).
 * @throws RenderError where policy and deployment contradict each other
 */
export const renderNginx: Render = (policy, deployment) => {
  const transport = transportEdge(policy.transport);
  demandHost(deployment, transport.hosts);
  const headers = headersOf(policy);
  const bodies = {
    usual: inputEdge(policy.input).bodyBytes,
    // A file is limited by its kind; the application looks closer.
    uploads: Math.max(inputEdge(policy.input).bodyBytes, uploadEdge(policy.upload).bodyBytes),
  };
  const { nginx, name } = deployment;
  const http = [
    ["server_tokens off;", "default_type application/octet-stream;", "underscores_in_headers off;"],
    timeAndSize(transport),
    logs(deployment),
    zones(deployment, rateEdge(policy.rateLimit), policy),
    tls(deployment),
    upstreams(deployment, transport),
    answerMaps(headers),
    whatIsPlain(deployment, headers),
    unknownHosts(deployment, headers),
    application({ deployment, headers, bodies, transport }),
  ];
  return [
    head("nginx", policy),
    [
      `user ${nginx.user};`,
      "worker_processes auto;",
      "worker_rlimit_nofile 16384; # a client and the application: two files for each connection",
      `pid ${nginx.pidFile};`,
      `error_log ${nginx.logTo === "files" ? `${nginx.logDirectory}/${name}.error.log` : "stderr"} ${deployment.firewall === "detect" ? "info" : "warn"};`,
      ...firewallModule(deployment),
      "",
      ...block("events", ["worker_connections 4096;"]),
      "",
      ...block("http", [
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
          (kind) => `${kind}_temp_path ${nginx.temporaryDirectory}/${kind.replace("client_", "")};`,
        ),
        "",
        ...http.flatMap((part) => [...part, ""]).slice(0, -1),
      ]),
      "",
    ].join("\n"),
  ].join("");
};

function headersOf(policy: Parameters<Render>[0]) {
  try {
    return headersEdge(policy.headers);
  } catch (error) {
    if (error instanceof TypeError) throw new RenderError(`${error.message}.`);
    throw error;
  }
}

/** The application refuses a host that it does not know: every page would be a 421. */
function demandHost({ origin }: Deployment, hosts: readonly string[]): void {
  const { host } = new URL(origin);
  if (hosts.length > 0 && !hosts.includes(host))
    throw new RenderError(`The deployment's origin is ${origin}, and transport.allowedHosts has no ${host}.`);
}
