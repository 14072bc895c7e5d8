/** Sources that were made to be expensive. Nothing is timed: without the bounds these would not end. */
import { expect, it } from "vitest";
import { IDENTITY_HEADERS, migrate } from "../migrate-frontend/engine.ts";
import { vueScripts } from "./vue.ts";

const options = { headers: IDENTITY_HEADERS, origins: new Set<string>(), bases: new Set<string>() };
const findings = (files: Readonly<Record<string, string>>) =>
  migrate(new Map(Object.entries(files)), options).findings.map(({ what }) => what);

it("gives up on a constant that is made of a thousand of the one before, eight times over", () => {
  const lines = ["const a0 = `x`;"];
  for (let level = 1; level <= 8; level += 1)
    lines.push(`const a${level} = \`${`\${a${level - 1}}\n`.repeat(1000)}\`;`);
  expect(findings({ "a.js": `${lines.join("\n")}\nfetch(a8);` }).length).toBe(1);
});

it("ends with constants and re-exports that go in a circle", () => {
  expect(
    findings({
      "a.js": 'export * from "./b";\nexport { x } from "./b";\nconst y = z;\nconst z = y;\nfetch(y);',
      "b.js": 'export * from "./a";\nexport { x } from "./a";',
      "c.js": 'import { x, w } from "./a";\nfetch(x);\nfetch(w);',
    }),
  ).toHaveLength(3);
});

it("looks a field up once, however often it is used", () => {
  const calls = "    this.api.get(this.base);\n".repeat(20_000);
  expect(findings({ "a.js": `class A {\n  base = "/api";\n  run() {\n${calls}  }\n}` })).toEqual([]);
});

it("reads components that never close what they open", () => {
  expect(vueScripts("<a ".repeat(300_000))?.count).toBe(0);
  expect(vueScripts("<b>".repeat(300_000))?.count).toBe(0);
  expect(vueScripts(`${'<a "'.repeat(200_000)}<script>x</script>`)).toBeDefined();
  expect(vueScripts("<i18n>\n<script>let a</script>")?.count).toBe(1);
});
