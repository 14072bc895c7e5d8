/** What holds for every server of the file: time, size, logs, zones, TLS, and where the application is. */
import type { RateEdge, TransportEdge } from "../edge.ts";
import type { Policy } from "../policy.ts";
import { block, RenderError } from "./artefact.ts";
import type { Deployment } from "./deployment.ts";

/** Of one address at once: a class of thirty behind one, each with the six connections of HTTP/1.1. */
const CONNECTIONS_OF_AN_ADDRESS = 200;
/** Ten megabytes hold 160,000 addresses; beyond that nginx forgets the oldest. */
const ZONE = "10m";

/**
 * Mozilla's "intermediate", version 5.7, without its DHE suites: their handshakes cost a server more than a client
 * (CVE-2002-20001), and every client of TLS 1.2 that is left has ECDHE.
 */
const CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

export function timeAndSize(edge: TransportEdge): string[] {
  return [
    "# Time and size (transport.*): a slow client is cut off here as the application would.",
    `client_header_timeout ${edge.headersSeconds}s;`,
    `client_body_timeout ${edge.requestSeconds}s;`,
    `send_timeout ${edge.requestSeconds}s;`,
    `keepalive_timeout ${edge.keepAliveSeconds}s ${edge.keepAliveSeconds}s; # and says so (Keep-Alive: timeout=)`,
    "client_header_buffer_size 4k;",
    `large_client_header_buffers 2 ${edge.headerBytes};`,
  ];
}

export function logs({ name, nginx }: Deployment): string[] {
  return [
    "# Without the query, the cookie and the referrer: a log holds no secrets.",
    "map $request_uri $aegis_path {",
    '  "~^(?<aegis_before_query>[^?]*)" $aegis_before_query;',
    "}",
    'log_format aegis escape=json \'{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",\'',
    '  \'"path":"$aegis_path","status":"$status","bytes":"$body_bytes_sent","seconds":"$request_time",\'',
    '  \'"upstream":"$upstream_addr","upstream_status":"$upstream_status","tls":"$ssl_protocol"}\';',
    `access_log ${nginx.logTo === "files" ? `${nginx.logDirectory}/${name}.access.log` : "/dev/stdout"} aegis;`,
  ];
}

export function zones({ name }: Deployment, rate: RateEdge, { rateLimit }: Policy): string[] {
  // A pattern counts bytes: a network that ends within one is rounded up to the larger network.
  const bytes = Math.floor(rateLimit.ipv6PrefixLength / 8);
  return [
    `# An IPv6 address counts by its network of ${bytes * 8} bits (rateLimit.ipv6PrefixLength).`,
    ...block("map $binary_remote_addr $aegis_client", [
      "default $binary_remote_addr;",
      ...(bytes === 16 ? [] : [`"~(?s)^(?<aegis_network>.{${bytes}}).{${16 - bytes}}$" $aegis_network;`]),
    ]),
    "# Against a flood, twice what the application would let through; it counts exactly, over all instances.",
    `limit_req_zone $aegis_client zone=${name}_requests:${ZONE} rate=${rate.requestsPerMinute}r/m;`,
    `limit_conn_zone $aegis_client zone=${name}_connections:${ZONE};`,
    `limit_req zone=${name}_requests burst=${rate.burst} nodelay;`,
    `limit_conn ${name}_connections ${CONNECTIONS_OF_AN_ADDRESS};`,
    "limit_req_status 429;",
    "limit_conn_status 429;",
  ];
}

export function tls({ name, tls: { ocspResolvers, ocspTrustFile } }: Deployment): string[] {
  return [
    "ssl_protocols TLSv1.2 TLSv1.3;",
    `ssl_ciphers ${CIPHERS};`,
    "ssl_prefer_server_ciphers on;",
    "ssl_conf_command Options PrioritizeChaCha; # first where a client has it first: it has no AES in hardware",
    "ssl_ecdh_curve X25519:prime256v1:secp384r1;",
    `ssl_session_cache shared:${name}_tls:${ZONE};`,
    "ssl_session_timeout 1d;",
    "ssl_session_tickets off; # their key would open recorded connections for as long as nginx runs",
    ...(ocspResolvers.length === 0
      ? []
      : [
          "ssl_stapling on;",
          "ssl_stapling_verify on;",
          ...(ocspTrustFile === "" ? [] : [`ssl_trusted_certificate ${ocspTrustFile};`]),
          `resolver ${ocspResolvers.join(" ")} valid=300s;`,
          "resolver_timeout 5s;",
        ]),
  ];
}

/** One group of all instances; and where releases take instances out, one without each of them. */
export function upstreams(deployment: Deployment, edge: TransportEdge): string[] {
  const { name, upstreams: all } = deployment;
  const group = (of: string, servers: readonly string[]): string[] =>
    block(`upstream ${of}`, [
      `zone ${of}_upstream 64k; # what one worker learns of a server's health, all know`,
      ...servers.map((server) => `server ${server} max_fails=3 fail_timeout=10s;`),
      "keepalive 32;",
      `keepalive_timeout ${edge.upstreamKeepAliveSeconds}s; # we close first, or a request meets a closing connection`,
    ]);
  const without = marksOf(deployment).flatMap(({ server, group: rest }) => [
    "",
    ...group(
      rest,
      all.filter((one) => one !== server),
    ),
  ]);
  return [...group(name, all), ...without];
}

export interface Mark {
  /** There while the instance is out. */
  readonly file: string;
  readonly server: string;
  /** The upstream of all others. */
  readonly group: string;
}

/** @throws RenderError where two instances have the same port, by which they are marked */
export function marksOf({ name, upstreams: all, outDirectory }: Deployment): readonly Mark[] {
  if (outDirectory === "" || all.length < 2) return []; // the only one cannot be out
  const marks = all.map((server) => {
    const port = server.slice(server.lastIndexOf(":") + 1);
    return { file: `${outDirectory}/${port}`, server, group: `${name}_without_${port}` };
  });
  if (new Set(marks.map(({ file }) => file)).size < marks.length)
    throw new RenderError(
      "With outDirectory instances are told apart by their ports, and two of upstreams have the same.",
    );
  return marks;
}
