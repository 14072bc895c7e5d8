/** What every rendered file has in common: where it comes from in its head, and texts that stay texts. */
import { fingerprint, type Policy } from "../policy.ts";
import type { Deployment } from "./deployment.ts";

/** Policy and deployment in, a whole file out: the same text for the same input, on every machine. */
export type Render = (policy: Policy, deployment: Deployment) => string;

export class RenderError extends Error {
  override readonly name = "RenderError";
}

/** The first lines of a file: whoever finds it on a server sees which policy it holds, and where to change it. */
export function head(target: string, policy: Policy, more: readonly string[] = []): string {
  if (policy.environment !== "production")
    throw new RenderError(
      `The policy is made for ${policy.environment}: a server's configuration is rendered from one for production.`,
    );
  return [
    `# Made by \`aegis render ${target}\` from policy ${fingerprint(policy)} (${policy.environment}).`,
    "# Change the policy or the deployment description and render again; what is changed here is lost.",
    ...more.map((line) => `# ${line}`),
    "",
    "",
  ].join("\n");
}

/** Lines one step further in; empty ones stay empty. */
export const indented = (lines: readonly string[], by = "  "): string[] =>
  lines.flatMap((text) => text.split("\n")).map((line) => (line === "" ? "" : by + line));

export const block = (opening: string, lines: readonly string[]): string[] => [
  `${opening} {`,
  ...indented(lines),
  "}",
];
