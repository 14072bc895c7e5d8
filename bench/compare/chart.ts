/** docs/performance.svg out of a run: horizontal bars, readable at 800 pixels, on light and dark pages. Pure. */
import { type CaseName, cases } from "./contract.ts";
import { speed } from "./goals.ts";
import { BASE } from "./report.ts";
import type { Samples } from "./rounds.ts";
import type { ServerRow } from "./servers.ts";

const WIDTH = 800;
const LABELS = 230;
const VALUES = 60;
const BAR = 16;
const LINE = 22;
const HEAD = 34;
const GAP = 14;

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Contrast of 3:1 or more against both white and GitHub's dark grey; ours is told by its label too, not by colour alone. */
const STYLE = [
  "text{font:14px system-ui,sans-serif;fill:#1f2328}",
  ".head{font-weight:600}",
  ".bar{fill:#7d8590}.ours{fill:#2f81d6}.one{stroke:#7d8590;stroke-dasharray:3 3}",
  "@media (prefers-color-scheme:dark){text{fill:#e6edf3}}",
].join("");

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly isOurs: boolean;
}

export function chart(samples: Samples, rows: readonly ServerRow[], names: readonly CaseName[]): string {
  const groups = names.flatMap((name) => {
    const bars = rows.flatMap(({ key, title }): readonly Bar[] => {
      const value = speed(samples, key, BASE, name)?.median;
      return value === undefined ? [] : [{ label: title, value, isOurs: key.startsWith("aegis") }];
    });
    return bars.length > 0 ? [{ title: cases[name].title, bars }] : [];
  });
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = (value: number): number => (value / most) * (WIDTH - LABELS - VALUES);
  const one = (LABELS + scale(1)).toFixed(1);

  const drawn: string[] = [];
  let y = 8;
  for (const { title, bars } of groups) {
    drawn.push(`<text class="head" x="8" y="${y + 18}">${escape(title)}</text>`);
    y += HEAD;
    const top = y;
    for (const { label, value, isOurs } of bars) {
      const width = Math.max(1, scale(value)).toFixed(1);
      drawn.push(
        `<text x="${LABELS - 8}" y="${y + 13}" text-anchor="end">${escape(label)}</text>`,
        `<rect class="${isOurs ? "ours" : "bar"}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
        `<text x="${(LABELS + scale(value) + 6).toFixed(1)}" y="${y + 13}">${value.toFixed(2)}</text>`,
      );
      y += LINE;
    }
    drawn.push(`<line class="one" x1="${one}" x2="${one}" y1="${top - 4}" y2="${y - 2}"/>`);
    y += GAP;
  }
  const told = groups.map(
    ({ title, bars }) =>
      `${title}: ${bars.map(({ label, value }) => `${label} ${value.toFixed(2)}`).join(", ")}.`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-labelledby="title desc">`,
    '<title id="title">Speed relative to bare Fastify</title>',
    `<desc id="desc">${escape(["1.00 is bare Fastify's processor time for the same answer; longer bars are faster.", ...told].join(" "))}</desc>`,
    `<style>${STYLE}</style>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}
