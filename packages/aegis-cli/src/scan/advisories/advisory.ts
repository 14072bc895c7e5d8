/** Advisories as OSV and as npm write them. What has another form is refused whole: half of a list would look like all of it. */
import semver from "semver";
import type { Severity } from "../rule.ts";

export interface Advisory {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly severity: Severity;
  readonly fixed: string | undefined;
  readonly covers: (version: string) => boolean;
}

type Data = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export class AdvisoryError extends Error {
  override readonly name = "AdvisoryError";
}

/** A list of OSV records, one of them, an answer of OSV (`vulns`), or an answer of npm's bulk endpoint. */
export function advisoriesFrom(data: unknown): readonly Advisory[] {
  if (Array.isArray(data)) return data.flatMap(fromOsv);
  if (!isRecord(data)) throw new AdvisoryError("it is neither OSV nor an answer of npm");
  if (Array.isArray(data["vulns"])) return data["vulns"].flatMap(fromOsv);
  if (typeof data["id"] === "string" && Array.isArray(data["affected"])) return fromOsv(data);
  return Object.entries(data).flatMap(([name, own]) => {
    if (!Array.isArray(own)) throw new AdvisoryError(`what it says of ${name.slice(0, 100)} is no list`);
    return own.map((one) => fromNpm(name, one));
  });
}

const severityOf = (word: string): Severity =>
  /critical|high/i.test(word)
    ? "high"
    : /moderate|medium/i.test(word)
      ? "medium"
      : /low|info|none/i.test(word)
        ? "low"
        : "high";

function fromNpm(name: string, data: unknown): Advisory {
  if (!isRecord(data)) throw new AdvisoryError(`what it says of ${name.slice(0, 100)} is no advisory`);
  const versions = text(data["vulnerable_versions"]);
  // An empty range would be every version.
  const range = versions.trim() === "" ? null : semver.validRange(versions);
  if (range === null) throw new AdvisoryError(`an advisory of ${name.slice(0, 100)} has no versions`);
  const ghsa = /GHSA(?:-[\w]{4}){3}/.exec(text(data["url"]))?.[0];
  return {
    id: ghsa ?? `npm:${String(data["id"]).slice(0, 20)}`,
    name,
    title: text(data["title"]).slice(0, 200),
    severity: severityOf(text(data["severity"])),
    fixed: undefined,
    covers: (version) => semver.satisfies(version, range, { includePrerelease: true }),
  };
}

function fromOsv(data: unknown): readonly Advisory[] {
  if (!isRecord(data) || typeof data["id"] !== "string" || !Array.isArray(data["affected"]))
    throw new AdvisoryError("one of its records is no OSV record");
  if (typeof data["withdrawn"] === "string") return [];
  const own = isRecord(data["database_specific"]) ? data["database_specific"] : {};
  const id = data["id"].slice(0, 60);
  return list(data["affected"]).flatMap((affected): readonly Advisory[] => {
    const of = isRecord(affected) && isRecord(affected["package"]) ? affected["package"] : {};
    if (!isRecord(affected) || text(of["ecosystem"]).toLowerCase() !== "npm") return [];
    const versions = new Set(list(affected["versions"]).map(text));
    const spans = list(affected["ranges"]).flatMap((range) =>
      isRecord(range) && range["type"] !== "GIT" ? spansOf(list(range["events"])) : [],
    );
    return [
      {
        id,
        name: text(of["name"]),
        title: (text(data["summary"]) || text(data["details"])).split("\n")[0]?.slice(0, 200) ?? "",
        severity: severityOf(text(own["severity"])),
        fixed: spans.map(({ before }) => before).findLast((one) => one !== undefined),
        covers: (version) => versions.has(version) || spans.some((span) => within(span, version)),
      },
    ];
  });
}

interface Span {
  readonly from: string;
  readonly before?: string;
  readonly upTo?: string;
}

/** Events in order: introduced, then fixed or the last that is affected. */
function spansOf(events: readonly unknown[]): readonly Span[] {
  const spans: Span[] = [];
  let from: string | undefined;
  for (const event of events) {
    if (!isRecord(event)) continue;
    if (typeof event["introduced"] === "string")
      from = event["introduced"] === "0" ? "0.0.0-0" : event["introduced"];
    else if (typeof event["fixed"] === "string" && from !== undefined) {
      spans.push({ from, before: event["fixed"] });
      from = undefined;
    } else if (typeof event["last_affected"] === "string" && from !== undefined) {
      spans.push({ from, upTo: event["last_affected"] });
      from = undefined;
    }
  }
  // Nothing was mended yet.
  if (from !== undefined) spans.push({ from });
  return spans;
}

function within({ from, before, upTo }: Span, version: string): boolean {
  if (semver.valid(version) === null || semver.valid(from) === null) return false;
  if (semver.lt(version, from)) return false;
  if (before !== undefined) return semver.valid(before) !== null && semver.lt(version, before);
  return upTo === undefined || (semver.valid(upTo) !== null && semver.lte(version, upTo));
}
