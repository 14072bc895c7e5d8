/** Every format is what its readers expect, and text of the target stays text in each. */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { marked } from "marked";
import { defaultTreeAdapter, type DefaultTreeAdapterTypes, parse } from "parse5";
import { describe, expect, it } from "vitest";
import { oscalProblems, sarifProblems } from "../../../../../test/support/report-schemas.ts";
import { nastyRun, OUTCOMES, runData } from "../../../../../test/support/run-file.ts";
import { compareRuns } from "../compare.ts";
import { type Assessment, statuses } from "../compliance/index.ts";
import { reportOf } from "../model.ts";
import { parseRun, type Run } from "../run-file.ts";
import { comparisonMarkdown, comparisonText } from "./comparison.ts";
import { htmlReport } from "./html.ts";
import { jsonReport } from "./json.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { oscalReport } from "./oscal.ts";
import { sarifReport } from "./sarif.ts";

const now = Date.parse("2026-01-02T03:04:05.678Z");
/** A row of every status, in a framework with chapters and one row beside them. */
const assessment = ({ origin, startedAt, fingerprint }: Run, text: string): Assessment => ({
  framework: {
    id: "asvs",
    name: `ASVS ${text}`,
    version: `5.0.0 ${text}`,
    note: `A note ${text}`,
    chapters: [{ id: "3", title: `Web pages ${text}` }],
  },
  run: { origin, startedAt, fingerprint, digest: "0".repeat(64) },
  assessedAt: new Date(now).toISOString(),
  rows: statuses.map((status, at) => ({
    requirement: {
      id: at === 0 ? "4.1" : `3.3.${at}`,
      title: `Cookies ${text}`,
      covers: "whole",
      ...(at === 0 ? {} : { level: 1 }),
    },
    status,
    reason: `because ${text}`,
    controls: [
      {
        id: "session.control-0",
        claim: text,
        outcome: "pass",
        observed: text,
        isProof: true,
        exchange: { pointer: "/findings/0/evidence/0", request: "GET https://hub.example/", status: 200 },
      },
      { id: "session.control-9", claim: text, outcome: "absent", observed: "", isProof: true },
    ],
  })),
  counts: {
    tested: 1,
    "tested-in-part": 1,
    attested: 1,
    waived: 1,
    "not-applicable": 1,
    "not-tested": 1,
    "not-attested": 1,
    "not-met": 1,
  },
  refused: [{ body: undefined, objection: "no statement" }],
});
const reportFrom = (data: unknown, text = "") => {
  const run = parseRun(JSON.stringify(data));
  return reportOf(run, { now, assessments: [assessment(run, text)] });
};
const sample = reportFrom(
  runData(
    OUTCOMES.map((outcome, at) => ({ id: `session.control-${at}`, room: "session", outcome })),
    { controlsKnown: 9 },
  ),
);
const nastyReport = () => nastyRun().map((data) => reportFrom(data, data.target.slice(0, 60)));

type Node = DefaultTreeAdapterTypes.Node;
function* elements(node: Node): Generator<DefaultTreeAdapterTypes.Element> {
  if (defaultTreeAdapter.isElementNode(node)) yield node;
  if ("childNodes" in node) for (const child of node.childNodes) yield* elements(child);
}
const textIn = (node: Node): string =>
  defaultTreeAdapter.isTextNode(node)
    ? node.value
    : "childNodes" in node
      ? node.childNodes.map(textIn).join("")
      : "";

const HTML_ELEMENTS =
  "a article body br caption code dd defs details div dl dt figcaption figure footer h1 h2 h3 head header html li line main meta p path pattern pre rect section small span strong style summary svg table tbody td text th thead title tr ul".split(
    " ",
  );
const ATTRIBUTES =
  "aria-hidden aria-label charset class content d fill focusable height href http-equiv id lang name patternunits patternUnits role rx scope stroke stroke-linecap stroke-linejoin stroke-width tabindex text-anchor viewBox viewbox width x x1 x2 y y1 y2".split(
    " ",
  );

describe("as HTML", () => {
  it("has our own elements and attributes and no other, whatever the target said", () => {
    fc.assert(
      fc.property(nastyReport(), (report) => {
        const page = parse(htmlReport(report));
        for (const { tagName, attrs } of elements(page)) {
          expect(HTML_ELEMENTS).toContain(tagName);
          for (const { name, value } of attrs) {
            expect(ATTRIBUTES).toContain(name);
            if (name === "href") expect(value).toMatch(/^#(content|exchange-session\.control-\d)$/);
          }
        }
        const shown = textIn(page);
        const [finding] = report.run.findings;
        for (const text of [report.run.target, finding?.claim ?? "", finding?.observed ?? ""])
          expect(shown).toContain(text);
      }),
      { numRuns: 60 },
    );
  });

  it("allows itself its one style and nothing else", () => {
    const page = htmlReport(sample);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    expect(page).toContain(`default-src 'none'; style-src 'sha256-${hash("sha256", style, "base64")}'`);
    expect(page).not.toMatch(/<script|url\((?!#hatch)|@import|\bstyle=/);
  });

  it("says what was found in the title of its chart, and has the numbers in a table", () => {
    const page = htmlReport(sample);
    expect(page).toContain("<strong>session is the one component below 100, at 25</strong>");
    expect(page).toMatch(/The numbers of the chart[\s\S]*session<\/th><td class="num">25<\/td>/);
    expect(page).toContain(
      "1 control fails of 4 that apply; 2 controls could not be seen; 4 controls were left out.",
    );
    expect(page).toContain("5 of 9; 4 left out on purpose");
  });

  it("counts requirements first, folds chapters, and leads from each row to its stored exchange", () => {
    const page = parse(htmlReport(sample));
    const all = [...elements(page)];
    const ids = all.flatMap(({ attrs }) =>
      attrs.filter(({ name }) => name === "id").map(({ value }) => value),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const shown = textIn(page);
    expect(shown).toContain(`8 requirements: ${statuses.map((status) => `1 ${status}`).join(" ")}`);
    const folded = all.filter(({ attrs }) => attrs.some(({ value }) => value === "chapter"));
    expect(folded.map((one) => textIn(one).slice(0, 24))).toEqual([
      expect.stringMatching(/^3 Web pages/),
      expect.stringMatching(/^Others/),
    ]);
    const links = all.filter(({ tagName }) => tagName === "a").map(({ attrs }) => attrs[0]?.value ?? "");
    expect(links.filter((link) => link === "#exchange-session.control-0")).toHaveLength(statuses.length + 2);
    const target = all.find(({ attrs }) => attrs.some(({ value }) => value === "exchange-session.control-0"));
    expect(target === undefined ? "" : textIn(target)).toMatch(/^> GET https:\/\/hub\.example\/\n< 200\n/);
  });

  it("shows nothing but what was tested whole as a pass: what is waived looks open", () => {
    const page = htmlReport(sample);
    const looks = [...page.matchAll(/<td><span class="tag ([a-z]*)">([a-z-]+)<\/span>/g)];
    const by = new Map(looks.map(([, kind, status]) => [status, kind]));
    expect(statuses.filter((status) => by.get(status) === "pass")).toEqual(["tested"]);
    expect([by.get("waived"), by.get("not-met"), by.get("not-attested")]).toEqual(["open", "fail", "open"]);
  });
});

describe("as Markdown", () => {
  const rendered = (source: string) => parse(marked.parse(source, { async: false, gfm: true }));
  const MARKUP = "body em h1 h2 h3 head html li p strong table tbody td th thead tr ul".split(" ");

  it("renders to our own markup and no other, a row a line, whatever the target said", () => {
    fc.assert(
      fc.property(nastyReport(), (report) => {
        const source = markdownReport(report);
        for (const { tagName } of elements(rendered(source))) expect(MARKUP).toContain(tagName);
        const rows = source.split("\n").filter((line) => line.startsWith("| session.control"));
        expect(rows).toHaveLength(report.run.findings.length);
        const comparison = comparisonMarkdown(compareRuns(report.run, { ...report.run, findings: [] }));
        for (const { tagName } of elements(rendered(comparison))) expect(MARKUP).toContain(tagName);
      }),
      { numRuns: 60 },
    );
  });

  it("has each status as it is, counted and by row", () => {
    const source = markdownReport(sample).replaceAll("\\", "");
    for (const status of statuses) {
      expect(source).toContain(`\n| ${status} | 1 |\n`);
      expect(source).toMatch(new RegExp(`\\| ${status} \\| because +\\| session\\.control-0: pass, GET`));
    }
  });

  it("shows the text as it is", () => {
    const odd = reportFrom(
      runData([{ id: "session.a", room: "session", outcome: "fail", observed: "<b>*x*</b> | [a](b) `c`" }]),
    );
    expect(textIn(rendered(markdownReport(odd)))).toContain("<b>*x*</b> | [a](b) `c`");
  });
});

describe("on a terminal", () => {
  it("has no escapes, and no line that the target made", () => {
    fc.assert(
      fc.property(nastyReport(), ({ run }) => {
        const text = comparisonText(compareRuns(run, { ...run, findings: [] }));
        expect(text).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u);
        expect(text.split("\n").filter((line) => /^ {4}[+~-] /.test(line))).toHaveLength(run.findings.length);
      }),
    );
  });
});

describe("as SARIF", () => {
  it("is SARIF 2.1.0, whatever the target said", () => {
    fc.assert(
      fc.property(nastyReport(), (report) => {
        const text = sarifReport(report);
        expect(sarifProblems(text)).toEqual([]);
        for (const { results } of JSON.parse(text).runs)
          for (const { kind, level } of results)
            // 3.27.10, which the schema does not say
            expect([kind, level]).toEqual([kind, kind === "fail" ? "error" : "none"]);
      }),
      { numRuns: 60 },
    );
    expect(sarifProblems(sarifReport(sample).replace('"webResponse"', '"web"'))).not.toEqual([]);
  });

  it("has a result for each finding; what was not seen is open, and nothing but a failure is an error", () => {
    const [run] = JSON.parse(sarifReport(sample)).runs;
    expect(run.results.map(({ kind, level }: Record<string, string>) => [kind, level])).toEqual([
      ["pass", "none"],
      ["fail", "error"],
      ["notApplicable", "none"],
      ["open", "none"],
      ["review", "none"],
    ]);
    expect(run.results[1].webRequest).toEqual({ method: "GET", target: "https://hub.example/" });
  });

  it("makes no placeholder and no link of a message", () => {
    const odd = reportFrom(
      runData([{ id: "session.a", room: "session", outcome: "fail", observed: "{0} [a](1)" }]),
    );
    expect(JSON.parse(sarifReport(odd)).runs[0].results[0].message.text).toBe(String.raw`{{0}} \[a\](1)`);
  });
});

describe("as OSCAL", () => {
  it("is assessment results, whatever the target said", () => {
    fc.assert(
      fc.property(nastyReport(), (report) => {
        expect(oscalProblems(oscalReport(report))).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect(oscalProblems(oscalReport(reportFrom(runData([]))))).toEqual([]);
  });

  it("calls satisfied what passed or was attested, and nothing that nobody saw", () => {
    const [result] = JSON.parse(oscalReport(sample))["assessment-results"].results;
    const states = result.findings.map(
      (one: { target: { "target-id": string; status: Record<string, string> } }) => [
        one.target["target-id"],
        one.target.status["state"],
        one.target.status["reason"],
      ],
    );
    expect(states).toEqual([
      ["session.control-0", "satisfied", "pass"],
      ["session.control-1", "not-satisfied", "fail"],
      ["session.control-3", "not-satisfied", "other"],
      ["session.control-4", "not-satisfied", "other"],
      ["asvs_4.1", "satisfied", "pass"], // tested
      ["asvs_3.3.1", "not-satisfied", "other"], // tested-in-part
      ["asvs_3.3.2", "satisfied", "other"], // attested
      ["asvs_3.3.3", "not-satisfied", "other"], // waived
      ["asvs_3.3.5", "not-satisfied", "other"], // not-tested
      ["asvs_3.3.6", "not-satisfied", "other"], // not-attested
      ["asvs_3.3.7", "not-satisfied", "fail"], // not-met
    ]);
    const observed = new Set(result.observations.map(({ uuid }: { uuid: string }) => uuid));
    for (const one of result.findings) {
      expect(one["related-observations"]).toHaveLength(1);
      expect(observed).toContain(one["related-observations"][0]["observation-uuid"]);
    }
    expect(result.observations).toHaveLength(5);
  });

  it("has the same ids for the same run, and each once", () => {
    expect(oscalReport(sample)).toBe(oscalReport(sample));
    const ids = [...oscalReport(sample).matchAll(/"uuid": "([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("as JUnit XML", () => {
  it("is XML that the schema takes, whatever the target said", () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-junit-"));
    const files = [sample, reportFrom(runData([])), ...fc.sample(nastyReport(), 40)].map((report, at) => {
      const file = join(folder, `${at}.xml`);
      writeFileSync(file, junitReport(report));
      return file;
    });
    const schema = fileURLToPath(new URL("../../../../../test/support/junit.xsd", import.meta.url));
    try {
      execFileSync("xmllint", ["--noout", "--nonet", "--schema", schema, ...files], { stdio: "pipe" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("fails what fails, and skips what was not seen", () => {
    const xml = junitReport(sample);
    expect(xml).toMatch(/<testsuite name="session" tests="5" failures="1" errors="1" skipped="2"/);
    expect(xml).toMatch(/classname="session.control-1"[^>]*><failure type="fail" message="what was seen/);
    expect(xml).toMatch(/classname="session.control-3"[^>]*><skipped type="unknown" message="not seen: /);
    expect(xml).toMatch(/classname="session.control-0" time="0.250"\/>/);
  });
});

describe("a report", () => {
  it("says in its first sentence what was left out, so that a part is not taken for the whole", () => {
    const part = (known: number, outcome: "pass" | "unknown" = "pass"): string =>
      reportFrom({
        ...runData([
          { id: "headers.nosniff", room: "headers", outcome },
          { id: "headers.hsts", room: "headers", outcome: "pass" },
        ]),
        controlsKnown: known,
      }).headline;
    expect([part(150), part(3), part(2), part(3, "unknown")]).toEqual([
      "All 2 controls that apply pass; 148 controls were left out.",
      "All 2 controls that apply pass; 1 control was left out.",
      "All 2 controls that apply pass.",
      "No control fails, and 1 of 2 that apply pass; 1 control could not be seen; 1 control was left out.",
    ]);
  });

  it("takes no assessment of another run, and one of a framework", () => {
    const [own] = sample.assessments;
    if (own === undefined) throw new Error("no assessment");
    const other = { ...own, run: { ...own.run, fingerprint: "f".repeat(16) } };
    expect(() => reportOf(sample.run, { now, assessments: [other] })).toThrow(/of another run/);
    expect(() => reportOf(sample.run, { now, assessments: [own, own] })).toThrow(/of one framework/);
  });
});

describe("as JSON", () => {
  it("has the score, with null for none, and the findings", () => {
    const json = JSON.parse(jsonReport(sample));
    expect(json).toMatchObject({
      format: "aegis-report/1",
      madeAt: "2026-01-02T03:04:05.678Z",
      controlsLeftOut: 4,
      score: { score: 25, coverage: 50, applicable: 4, components: [{ component: "session", score: 25 }] },
    });
    expect(json.findings).toHaveLength(5);
    expect(json.assessments).toEqual(sample.assessments);
    expect(JSON.parse(jsonReport(reportFrom(runData([])))).score.score).toBeNull();
  });
});
