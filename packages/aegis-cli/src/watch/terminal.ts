/** The report of a watch on a terminal. */
import { printable } from "aegis/verify";
import { factsOf, rowsOf, type WatchReport } from "aegis/watch";
import { paint, table } from "../talk.ts";

const LONGEST = 120;

export function watchTerminal(report: WatchReport): string {
  const rows = rowsOf(report);
  const style = report.verdict === "well" ? "green" : "red";
  return [
    "",
    paint(["bold", style], report.headline),
    "",
    table(factsOf(report).map(([name, value]) => [name, printable(value, LONGEST * 2)])),
    "",
    ...(rows.length === 0
      ? ["Nothing changed."]
      : [
          table([
            ["FROM", "TO", "LASTED", "WHAT", "SEEN"],
            ...rows.map(({ from, to, lasted, what, seen }) => [
              from,
              to,
              lasted,
              what,
              printable(seen, LONGEST),
            ]),
          ]),
        ]),
    ...(report.controls.unseen.length === 0
      ? []
      : ["", `Not seen: ${report.controls.unseen.join(", ")}. aegis verify says why.`]),
  ].join("\n");
}
