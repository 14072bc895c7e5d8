/** The three servers: plain HTTP, hosts that nobody knows, and the application. */
import type { HeadersEdge, TransportEdge } from "../edge.ts";
import { block } from "./artefact.ts";
import type { Deployment } from "./deployment.ts";
import { ANSWER, answers, ownFields, proxiedFields } from "./nginx-answers.ts";
import { firewallRules } from "./nginx-firewall.ts";
import { marksOf } from "./nginx-http.ts";

/** TLS-2; the application's own limits are shorter, so that its answer comes first. */
const READ_SECONDS = 60;
/** A stream that says nothing for so long is over; one that lives sends something every few seconds. */
const STREAM_SECONDS = 3600;

const hostOf = ({ origin }: Deployment): string => new URL(origin).hostname;

/** HTTP says where HTTPS is, and nothing else: a form that was sent in clear is refused, so that somebody notices. */
export function whatIsPlain(deployment: Deployment, headers: HeadersEdge): string[] {
  const { acmeDirectory, listen, origin } = deployment;
  if (listen.http.length === 0) return [];
  const known = block("server", [
    ...listen.http.map((place) => `listen ${place};`),
    `server_name ${hostOf(deployment)};`,
    ...(acmeDirectory === ""
      ? []
      : block("location ^~ /.well-known/acme-challenge/", [
          `root ${acmeDirectory};`,
          "default_type text/plain;",
        ])),
    ...block("location /", [
      ...ownFields(headers, false),
      "if ($request_method !~ ^(GET|HEAD)$) { return 403; }",
      `return 301 ${origin}$request_uri; # the name is ours: what a client calls itself would make an open redirect`,
    ]),
    ...answers(headers, false),
  ]);
  const unknown = block("server", [
    ...listen.http.map((place) => `listen ${place} default_server;`),
    "server_name _;",
    "location / { return 421; }",
    ...answers(headers, false),
  ]);
  return [...known, "", ...unknown];
}

/** Whoever asks for another name, or for none, learns no certificate and reaches no application. */
export function unknownHosts({ listen }: Deployment, headers: HeadersEdge): string[] {
  return block("server", [
    ...listen.https.map((place) => `listen ${place} ssl http2 default_server;`),
    "server_name _;",
    "ssl_reject_handshake on;",
    "location / { return 421; } # a name in the request that is not the one of the handshake",
    ...answers(headers, true),
    `error_page 497 =421 ${ANSWER};`,
  ]);
}

interface Parts {
  readonly deployment: Deployment;
  readonly headers: HeadersEdge;
  readonly bodies: { readonly usual: number; readonly uploads: number };
  readonly transport: TransportEdge;
}

export function application({ deployment, headers, bodies, transport }: Parts): string[] {
  const { assets, listen, name, origin, streams, tls, uploads } = deployment;
  const marks = marksOf(deployment);
  const pass = `proxy_pass http://${marks.length === 0 ? name : "$aegis_instances"};`;
  return block("server", [
    ...listen.https.map((place) => `listen ${place} ssl http2;`),
    `server_name ${hostOf(deployment)};`,
    `ssl_certificate ${tls.certificateFile};`,
    `ssl_certificate_key ${tls.keyFile};`,
    `error_page 497 =301 ${origin}$request_uri; # plain HTTP on this port`,
    ...answers(headers, true),
    ...proxiedFields(headers),
    ...firewallRules(deployment),
    "",
    `client_max_body_size ${bodies.usual};`,
    ...forwarded(deployment),
    "",
    "proxy_http_version 1.1;",
    "proxy_connect_timeout 5s;",
    `proxy_send_timeout ${transport.requestSeconds}s;`,
    `proxy_read_timeout ${READ_SECONDS}s;`,
    "# As it comes: the application limits the time of a whole request, which nginx cannot.",
    "proxy_request_buffering off;",
    "# Answers are somebody's own: none of them is written to this disk.",
    "proxy_max_temp_file_size 0;",
    "# Another server is tried where this one did not take the request; never twice for what changes something.",
    "proxy_next_upstream error timeout;",
    "proxy_next_upstream_tries 2;",
    `proxy_next_upstream_timeout ${transport.headersSeconds}s;`,
    "",
    ...(marks.length === 0
      ? []
      : [
          "# An instance with a mark is out, and is sent nothing more; looked at for each request, so nothing is reloaded.",
          `set $aegis_instances ${name};`,
          ...marks.map(({ file, group }) => `if (-f ${file}) { set $aegis_instances ${group}; }`),
          "",
        ]),
    "location = /metrics { return 404; } # read where the application runs, with a token of its own",
    `location / { ${pass} }`,
    ...assets.flatMap((prefix) =>
      block(`location ^~ ${prefix}`, [
        "proxy_next_upstream error timeout http_404; # while two releases serve, a page of one may ask the other",
        pass,
      ]),
    ),
    ...uploads.flatMap((route) =>
      block(`location = ${route}`, [`client_max_body_size ${bodies.uploads}; # upload.limits`, pass]),
    ),
    ...streams.flatMap((route) =>
      block(`location = ${route}`, ["proxy_buffering off;", `proxy_read_timeout ${STREAM_SECONDS}s;`, pass]),
    ),
  ]);
}

/** What a client wrote about itself is overwritten or dropped: the application believes these headers. */
function forwarded({ origin }: Deployment): string[] {
  const { host, port } = new URL(origin);
  return [
    `proxy_set_header Host ${host};`,
    `proxy_set_header X-Forwarded-Host ${host};`,
    "proxy_set_header X-Forwarded-Proto https;",
    `proxy_set_header X-Forwarded-Port ${port === "" ? "443" : port};`,
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Real-IP $remote_addr;",
    'proxy_set_header Connection "";',
    ...[
      "Forwarded",
      "X-Forwarded-Server",
      "X-Forwarded-Prefix",
      "X-Original-URL",
      "X-Rewrite-URL",
      "Proxy",
    ].map((name) => `proxy_set_header ${name} "";`),
  ];
}
