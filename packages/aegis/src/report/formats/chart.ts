/**
 * Bars as SVG, drawn from the data: per component the shares that pass, that fail and that nobody saw. Shares are told
 * by order, length and pattern too, not by colour alone. The table beside it has the same numbers, so it is hidden from
 * those who have the page read to them.
 */
import { htmlText as text } from "../../lib/markup.ts";
import type { ComponentScore } from "../score.ts";
import { scoreText } from "../score.ts";

const ROW = 26;
const BAR = 14;
const BELOW = 34;

interface Frame {
  readonly width: number;
  /** Room for names on the left, for numbers on the right. */
  readonly left: number;
  readonly right: number;
}
const WIDE: Frame = { width: 940, left: 110, right: 110 };
const NARROW: Frame = { width: 360, left: 104, right: 44 };

const n = (value: number): string => String(Math.round(value * 10) / 10);

/** One drawing for a wide page and one for a phone: scaled down, the texts of the first could not be read. */
export const chartsOf = (components: readonly ComponentScore[]): string =>
  `<div class="wide-chart">${chart(components, WIDE)}</div><div class="narrow">${chart(components, NARROW)}</div>`;

function chart(components: readonly ComponentScore[], frame: Frame): string {
  const { width, left, right } = frame;
  const plot = width - left - right;
  const bottom = components.length * ROW + 4;
  const x = (percent: number): number => left + (plot * percent) / 100;
  const ticks = [0, 25, 50, 75, 100].map(
    (tick) =>
      `<line class="${tick === 0 ? "axis" : "grid"}" x1="${n(x(tick))}" x2="${n(x(tick))}" y1="0" y2="${bottom}"/><text class="tick" x="${n(x(tick))}" y="${bottom + 15}" text-anchor="middle">${tick}</text>`,
  );
  return [
    `<svg class="chart" viewBox="0 0 ${width} ${bottom + BELOW}" aria-hidden="true" focusable="false">`,
    ...ticks,
    ...components.map((one, row) => bar(one, row, x, frame)),
    `<line class="axis" x1="${left}" x2="${n(x(100))}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="tick" x="${n(x(50))}" y="${bottom + 31}" text-anchor="middle">% of the controls that apply</text>`,
    "</svg>",
  ].join("");
}

function bar(one: ComponentScore, row: number, x: (percent: number) => number, frame: Frame): string {
  const top = row * ROW + (ROW - BAR) / 2;
  const line = top + BAR / 2 + 4;
  const { counts, applicable } = one;
  const parts = [
    ["b-pass", counts.pass],
    ["b-fail", counts.fail],
    ["b-open", counts.unknown + counts.error],
  ] as const;
  let done = 0;
  const drawn = parts.map(([look, count]) => {
    if (count === 0) return "";
    const from = x((100 * done) / applicable);
    done += count;
    return `<rect class="${look}" x="${n(from)}" y="${n(top)}" width="${n(x((100 * done) / applicable) - from)}" height="${BAR}"/>`;
  });
  const none = `<rect class="b-none" x="${n(x(0))}" y="${n(top)}" width="${n(x(100) - x(0))}" height="${BAR}"/>`;
  const end =
    frame === WIDE ? `${scoreText(one.score)}  (${counts.pass} of ${applicable})` : scoreText(one.score);
  return [
    `<text x="${frame.left - 10}" y="${n(line)}" text-anchor="end">${text(one.component)}</text>`,
    applicable === 0 ? none : drawn.join(""),
    `<text x="${n(x(100) + 10)}" y="${n(line)}">${text(applicable === 0 ? (frame === WIDE ? "none apply" : "–") : end)}</text>`,
  ].join("");
}

const key = (look: string, words: string): string =>
  `<li><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="${look}" width="12" height="12"/></svg>${words}</li>`;

export const LEGEND = `<ul class="legend">${key("b-pass", "pass")}${key("b-fail", "fail")}${key("b-open", "not seen, or an error: not counted as good")}</ul>`;

/** Once a page: what the bars of the third kind are filled with. */
export const HATCH =
  '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="hatch-back" width="6" height="6"/><path class="hatch-line" d="M-1 7L7-1M-1 1L1-1M5 7L7 5" stroke-width="1.2"/></pattern></defs></svg>';
