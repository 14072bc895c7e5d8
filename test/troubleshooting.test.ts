/** docs/troubleshooting.md has every text that a check can say: none is copied by hand, and none is left out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorTable } from "aegis/fastify";
import { knownCases, topics } from "aegis/preflight";
import { catalogue } from "aegis/verify";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { plantedFindings } from "../scripts/preflight-faults.ts";
import { repository } from "./support/processes.ts";

const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const page = read("docs/troubleshooting.md");
const findings = plantedFindings();
/** As the page spells them. */
const plain = page.replaceAll("\\|", "|").replaceAll("\\*", "*").replaceAll("&lt;", "<");

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (one, key) => (typeof one === "object" && one !== null ? Reflect.get(one, key) : undefined),
    value,
  );

/** What stands under symptom, cause or fix, and what to do about `unknown`: whole texts, or what is between their values. */
function sentences(tree: unknown): string[] {
  const found: string[] = [];
  const visit = (value: unknown, within: boolean): void => {
    if (Array.isArray(value)) return value.forEach((one) => visit(one, within));
    if (typeof value !== "object" || value === null) return;
    const node: Readonly<Record<string, unknown>> = { ...value };
    const name = at(node, "key", "name") ?? at(node, "id", "name");
    const isAdvice = within || ["symptom", "cause", "fix", "advice"].some((one) => one === name);
    if (within && node["type"] === "Literal") take(node["value"]);
    if (within && node["type"] === "TemplateElement") take(at(node, "value", "cooked"));
    if (node["type"] === "CallExpression" && at(node, "callee", "property", "name") === "unknown")
      visit(node["arguments"], true);
    else for (const [key, child] of Object.entries(node)) if (key !== "key") visit(child, isAdvice);
  };
  const take = (text: unknown): void => {
    if (typeof text === "string" && text.trim().split(" ").length > 2) found.push(text.trim());
  };
  visit(tree, false);
  return found;
}

describe("the guide to trouble", () => {
  it("has every sentence that a judge of the preflight can say", () => {
    const files = ["configuration", "data", "files", "host", "live", "recovery"];
    const texts = files.flatMap((file) =>
      sentences(parseSync(file, read(`packages/aegis/src/preflight/${file}.ts`), { lang: "ts" }).program),
    );
    expect(texts.length).toBeGreaterThan(150);
    expect(texts.filter((text) => !plain.includes(text))).toEqual([]);
  });

  it("brings about a failure of every topic and of each of the seven known cases", () => {
    const failures = findings.filter(({ outcome }) => outcome === "fail");
    expect(new Set(failures.flatMap((one) => one.case ?? []))).toEqual(new Set(knownCases));
    expect(new Set(failures.map(({ topic }) => topic))).toEqual(new Set(topics));
    const order = knownCases.map((name) => page.indexOf(`### \`${name}\``));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeLessThan(page.indexOf("## On the server"));
  });

  it("names every control, with its symptom, and every error", () => {
    for (const { id, advice } of catalogue.flatMap(({ controls }) => controls)) {
      expect([id, page.includes(`\`${id}\``)]).toEqual([id, true]);
      for (const text of [advice.symptom, advice.cause, advice.fix])
        expect([id, text, plain.includes(text)]).toEqual([id, text, true]);
    }
    for (const [code, { title }] of Object.entries(errorTable))
      expect([code, page.includes(`\`${code}\``) && plain.includes(title)]).toEqual([code, true]);
  });
});
