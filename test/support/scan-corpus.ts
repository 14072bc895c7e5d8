/** The corpus of the source scan: samples, each of one rule, good or bad; and what a scanner makes of them. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const HOME = new URL("../../packages/aegis-cli/corpus-scan/", import.meta.url);
export const PARTS = ["tuned", "hold-out"] as const;
export type CorpusPart = (typeof PARTS)[number];

export interface Sample {
  readonly rule: string;
  readonly name: string;
  readonly bad: boolean;
  /** The first is the one that counts; others are what it imports. */
  readonly files: ReadonlyMap<string, string>;
}

/** A text that looks random and is the same each time. No secret stands in the corpus, so that scanners of the repository stay quiet. */
function random(length: number, seed: string): string {
  let text = "";
  for (let round = 0; text.length < length; round += 1)
    text += createHash("sha256").update(`${seed} ${round}`).digest("base64").replaceAll(/[+/=]/g, "");
  return text.slice(0, length);
}

function filled(text: string, seed: string): string {
  return text
    .replaceAll(/\{\{secret:(\d+)\}\}/g, (_, length: string) => random(Number(length), `${seed} ${length}`))
    .replaceAll("{{aws}}", `AKIA${random(16, seed).toUpperCase()}`)
    .replaceAll("{{stripe}}", `sk_live_${random(24, seed)}`)
    .replaceAll("{{github}}", `ghp_${random(36, seed)}`)
    .replaceAll("{{slack}}", `xoxb-${random(30, seed)}`)
    .replaceAll("{{pem}}", `-----BEGIN RSA PRIVATE KEY-----\\n${random(60, seed)}`)
    .replaceAll("{{word}}", "Sommer");
}

/** `@@@ bad|good FILE` opens a sample, `+++ FILE` one more file of it. */
export function readSamples(part: CorpusPart): readonly Sample[] {
  const folder = new URL(`${part}/`, HOME);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".case"))
    .toSorted()
    .flatMap((file) => {
      const rule = file.replace(/\.case$/, "");
      return readFileSync(new URL(file, folder), "utf8")
        .split(/^@@@ /m)
        .slice(1)
        .map((block, index): Sample => {
          const [head = "", ...rest] = block.split("\n");
          const [kind, name = ""] = head.trim().split(" ");
          if (kind !== "bad" && kind !== "good") throw new Error(`${file}: ${head}`);
          const files = new Map<string, string>();
          const [first = "", ...more] = rest.join("\n").split(/^\+\+\+ /m);
          files.set(name, filled(first, `${file} ${index}`));
          for (const one of more) {
            const end = one.indexOf("\n");
            files.set(one.slice(0, end).trim(), filled(one.slice(end + 1), `${file} ${index} more`));
          }
          return { rule, name: `${rule} ${index + 1} ${name}`, bad: kind === "bad", files };
        });
    });
}

export interface Score {
  readonly rule: string;
  readonly bad: number;
  readonly good: number;
  /** Bad ones that were found, and good ones that were. */
  readonly found: number;
  readonly wrong: number;
}

export function scored(samples: readonly Sample[], finds: (sample: Sample) => boolean): readonly Score[] {
  return [...new Set(samples.map(({ rule }) => rule))].map((rule) => {
    const own = samples.filter((one) => one.rule === rule);
    const [bad, good] = [own.filter((one) => one.bad), own.filter((one) => !one.bad)];
    return {
      rule,
      bad: bad.length,
      good: good.length,
      found: bad.filter(finds).length,
      wrong: good.filter(finds).length,
    };
  });
}

export const precisionOf = ({ found, wrong }: Score): number | undefined =>
  found + wrong === 0 ? undefined : found / (found + wrong);
export const recallOf = ({ found, bad }: Score): number | undefined => (bad === 0 ? undefined : found / bad);
