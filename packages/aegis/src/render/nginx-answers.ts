/** What nginx answers by itself: refusals and the application's absence, with the policy's headers (RFC 9457). */
import type { HeadersEdge } from "../edge.ts";
import { block } from "./artefact.ts";
import { fields, quoted } from "./nginx-text.ts";

/** No application has it: a dot is no first character of our routes, and `internal` hides it from clients. */
export const ANSWER = "/.aegis-answer";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  421: "Misdirected Request",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};
/** As the application says it while its database is away: soon enough for people, late enough for a restart. */
const RETRY_SECONDS = { 429: 5, 502: 5, 503: 5, 504: 5 };

export function answerMaps({ proxied }: HeadersEdge): string[] {
  const rows = (of: Readonly<Record<number, string | number>>) =>
    Object.entries(of).map(([status, value]) => `${status} ${quoted(String(value))};`);
  return [
    ...block("map $status $aegis_title", ['default "Error";', ...rows(TITLES)]),
    ...block("map $status $aegis_retry_after", ['default "";', ...rows(RETRY_SECONDS)]),
    ...(proxied === undefined
      ? []
      : [
          "# A page gets the policy of pages; everything else may run nothing.",
          ...block("map $sent_http_content_type $aegis_csp", [
            `default ${quoted(proxied.dataCsp)};`,
            `"~*^text/html" ${proxied.pageCspName === "content-security-policy" ? quoted(proxied.pageCsp) : '""'};`,
          ]),
          ...block("map $sent_http_content_type $aegis_csp_report", [
            'default "";',
            ...(proxied.pageCspName === "content-security-policy"
              ? []
              : [`"~*^text/html" ${quoted(proxied.pageCsp)};`]),
          ]),
        ]),
  ];
}

/** The headers of answers that no application has seen. */
export const ownFields = ({ own, ownSecure }: HeadersEdge, secure: boolean): string[] =>
  fields([...own, ...(secure ? ownSecure : []), ["cache-control", "no-store"]]);

/** Statuses that nginx makes itself go here, and keep their number. What the application answers is passed on as it is. */
export function answers(headers: HeadersEdge, secure: boolean): string[] {
  const statuses = Object.keys(TITLES).filter((status) => status !== "431");
  return [
    `error_page ${statuses.join(" ")} ${ANSWER};`,
    `error_page 494 =431 ${ANSWER}; # nginx's own number for a header that is too large`,
    ...block(`location = ${ANSWER}`, [
      "internal;",
      "default_type application/problem+json;",
      ...ownFields(headers, secure),
      "add_header retry-after $aegis_retry_after always;",
      `return 200 '{"type":"about:blank","title":"$aegis_title","status":$status}'; # with the status that led here`,
    ]),
  ];
}

/** The headers of what the application answers, where the policy leaves them to the proxy (headers.setBy). */
export function proxiedFields({ own, ownSecure, proxied }: HeadersEdge): string[] {
  if (proxied === undefined) return [];
  return [
    ...fields([...own.filter(([name]) => name !== "content-security-policy"), ...ownSecure]),
    "add_header content-security-policy $aegis_csp always;",
    "add_header content-security-policy-report-only $aegis_csp_report always;",
  ];
}
