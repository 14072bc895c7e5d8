/** eslint-plugin-security over the same samples, so that figures have something to stand beside. */
import { createRequire, stripTypeScriptTypes } from "node:module";
import { type ESLint, Linter } from "eslint";
import { vueScripts } from "../../packages/aegis-cli/src/source/vue.ts";
import type { Sample } from "./scan-corpus.ts";

const plugin: ESLint.Plugin = createRequire(import.meta.url)("eslint-plugin-security");

/** Which of its rules speak of what ours do; the others have no counterpart here. */
export const PEER_RULES: Readonly<Record<string, readonly string[]>> = {
  "code-injection": ["detect-eval-with-expression"],
  "command-injection": ["detect-child-process"],
  "path-traversal": ["detect-non-literal-fs-filename", "detect-non-literal-require"],
  "timing-unsafe": ["detect-possible-timing-attacks"],
  "weak-random": ["detect-pseudoRandomBytes"],
  "raw-template": ["detect-disable-mustache-escape"],
};

const linter = new Linter();

/** As JavaScript, with every character where it was; undefined: it reads no such file. */
function scriptOf(name: string, text: string): string | undefined {
  try {
    if (name.endsWith(".vue")) return vueScripts(text)?.text;
    return /\.[cm]?ts$/.test(name)
      ? stripTypeScriptTypes(text)
      : /\.[cm]?jsx?$/.test(name)
        ? text
        : undefined;
  } catch {
    return undefined;
  }
}

export function peerFinds(sample: Sample): boolean {
  const rules = PEER_RULES[sample.rule] ?? [];
  return [...sample.files].some(([name, text]) => {
    const script = scriptOf(name, text);
    if (script === undefined || rules.length === 0) return false;
    const messages = linter.verify(
      script,
      {
        plugins: { security: plugin },
        rules: Object.fromEntries(rules.map((rule) => [`security/${rule}`, "error"])),
        languageOptions: {
          ecmaVersion: "latest",
          sourceType: "module",
          parserOptions: { ecmaFeatures: { jsx: true } },
        },
      },
      { filename: "sample.js" },
    );
    return messages.some(({ ruleId }) => ruleId !== null && rules.includes(ruleId.replace("security/", "")));
  });
}
