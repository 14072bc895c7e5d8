/** Receives what browsers report of CSP violations (CSP 3, 5; Reporting API) and keeps of it what is safe to log. */
import type { FastifyInstance } from "fastify";
import { isRecord } from "../lib/freeze.ts";
import type { Clock } from "../lib/clock.ts";
import { CSP_REPORT_PATH } from "./block.ts";

const TYPES = ["application/csp-report", "application/reports+json"];
/** A stranger can post here without end; beyond this many a minute and process, reports are counted, not logged. */
const REPORTS_PER_MINUTE = 60;
const MAX_BYTES = 16_384;

export interface CspViolation {
  readonly directive: string;
  readonly blocked: string;
  readonly document: string;
}

export function enforceCspReports(
  app: FastifyInstance,
  clock: Clock,
  onViolation: (violation: CspViolation, from: { readonly ip: string; readonly host: string }) => void,
): void {
  let minute = 0;
  let seen = 0;
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(TYPES, { parseAs: "string", bodyLimit: MAX_BYTES }, (_request, body, done) => {
      try {
        done(null, JSON.parse(String(body)));
      } catch {
        done(null, null); // a report that cannot be read is no error of the page's visitor
      }
    });
    scope.post(CSP_REPORT_PATH, {
      config: { access: "public", session: "none", csrf: "origin-only", body: "raw", limit: "cspReport" },
      handler: async (request, reply) => {
        const now = Math.floor(clock.now() / 60_000);
        if (now !== minute) [minute, seen] = [now, 0];
        for (const violation of violationsIn(request.body)) {
          seen += 1;
          if (seen <= REPORTS_PER_MINUTE) onViolation(violation, request);
        }
        return reply.code(204).send();
      },
    });
  });
}

export function violationsIn(body: unknown): CspViolation[] {
  const entries = Array.isArray(body) ? body.slice(0, 10) : [body];
  return entries.flatMap((entry) => {
    if (!isRecord(entry)) return [];
    const report = isRecord(entry["csp-report"]) ? entry["csp-report"] : entry["body"];
    if (!isRecord(report)) return [];
    const text = (...keys: string[]) => {
      const found = keys.map((key) => report[key]).find((value) => typeof value === "string");
      return typeof found === "string" ? withoutQuery(found).slice(0, 200) : "";
    };
    return [
      {
        directive: text("effective-directive", "violated-directive", "effectiveDirective"),
        blocked: text("blocked-uri", "blockedURL"),
        document: text("document-uri", "documentURL"),
      },
    ];
  });
}

/** Query and fragment may hold what was typed or a token; neither belongs in a log. */
const withoutQuery = (address: string): string => address.split(/[?#]/, 1)[0] ?? "";
