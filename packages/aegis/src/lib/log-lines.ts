/**
 * Log lines: what a stranger writes is a value in one line, whatever it holds. JSON keeps quotes and ends of lines in
 * their place; what is left are control and format characters beyond ASCII (C1 escape sequences, text that runs
 * backwards), which fool a terminal and not JSON. ASVS 5.0 16.4.1; requirement OPS-2.
 */
import type { FastifyRequest } from "fastify";

const PLAIN = /^[\x20-\x7e]*\n?$/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Longest address that is kept of a request: a log is no place for a megabyte. */
const MOST_URL = 512;

/** The same line without what nobody sees; its own end stays. For pino's `hooks.streamWrite`. */
export function safeLogLine(line: string): string {
  if (PLAIN.test(line)) return line;
  const end = line.endsWith("\n") ? "\n" : "";
  return line.slice(0, line.length - end.length).replace(UNSEEN, "\uFFFD") + end;
}

/** The part of a reply that is kept. */
interface LoggedReply {
  readonly statusCode: number;
  readonly request?: {
    readonly method: string;
    readonly routeOptions?: { readonly url?: string | undefined };
  };
}

/**
 * What is kept of a request and its answer: method, path without its query (people search for people), the route's
 * template, status. For Fastify's `logger.serializers`.
 */
export const logSerializers = {
  req: (request: FastifyRequest) => ({
    method: request.method,
    url: pathOf(request.url),
    route: request.routeOptions?.url ?? "(none)",
    remoteAddress: request.ip,
  }),
  res: ({ statusCode, request }: LoggedReply) => ({
    statusCode,
    // A logger may be handed an answer that has no request behind it any more.
    ...(request === undefined
      ? {}
      : { method: request.method, route: request.routeOptions?.url ?? "(none)" }),
  }),
};

function pathOf(url: string): string {
  const query = url.indexOf("?");
  const path = query < 0 ? url : `${url.slice(0, query)}?…`;
  return path.length > MOST_URL ? `${path.slice(0, MOST_URL)}…` : path;
}
