/** The guide to monitoring, followed to the letter, and the list of alerts that it names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { definePolicy } from "aegis";
import { alertsOf, parseDeployment } from "aegis/render";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guideTools, sectionsOf, shellBlocks } from "./support/guides.ts";
import { repository } from "./support/processes.ts";

const page = (name: string): string => readFileSync(join(repository, "docs", name), "utf8");
const line = JSON.stringify({
  time: Date.parse("2026-02-01"),
  res: { statusCode: 500, method: "GET", route: "/broken" },
  responseTime: 3,
});
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-monitoring-guide-"));
  const deployment = JSON.parse(readFileSync(join(repository, "deploy/deployment.json"), "utf8"));
  writeFileSync(join(folder, "deployment.json"), JSON.stringify(deployment));
  writeFileSync(join(folder, "aegis.config.mjs"), "");
  writeFileSync(
    join(folder, "aegis.config.ts"),
    'export default { policy: { preset: "education" }, deployment: "deployment.json" };\n',
  );
  writeFileSync(join(folder, "hub.log"), `${line}\n`);
  writeFileSync(join(folder, "hub.log.1.gz"), gzipSync(`${line}\n`));
});
afterAll(() => rmSync(folder, { recursive: true }));

const alerts = (() => {
  const deployment = parseDeployment(
    JSON.parse(readFileSync(join(repository, "deploy/deployment.json"), "utf8")),
  );
  if (deployment.monitoring === undefined) throw new Error("the hub is not watched");
  const policy = definePolicy({ preset: "education", environment: "production" });
  return alertsOf(policy, "hub", deployment.monitoring).map(({ name }) => name);
})();

describe("the guide to monitoring", () => {
  it("works, command by command", { timeout: 120_000 }, async () => {
    const follow = guideTools(folder, () => [line]);
    const said: string[] = [];
    for (const block of shellBlocks(page("monitoring.md"))) {
      const { status, output } = await follow(`set -e\n${block}`, {});
      expect([block, status, output]).toEqual([block, 0, expect.any(String)]);
      said.push(output);
    }
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/SUCCESS: 16 rules found[\s\S]*Checking 'alertmanager.yml' {2}SUCCESS/);
    expect(said[1]).toContain("GET /broken");
  });

  it("names every alert, and each has a section that says what it means, where to look and what to do", () => {
    const listed = sectionsOf(page("monitoring.md")).get("Alerts") ?? "";
    const sections = sectionsOf(page("runbooks.md"));
    expect([...sections.keys()].toSorted()).toEqual(alerts.toSorted());
    for (const name of alerts) {
      expect(listed).toContain(name);
      const parts = (sections.get(name) ?? "").trim().split(/\n\n/);
      expect([name, parts.length]).toEqual([name, 3]);
      expect(parts[1]).toMatch(/^```sh\n/);
    }
  });
});
