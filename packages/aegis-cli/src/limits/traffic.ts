/** Traffic for a simulation: even, or out of a log that may be larger than memory. */
import { tell } from "../talk.ts";

export interface Hit {
  readonly atMs: number;
  readonly key: string;
}

export function* hitsOfRate(perMillisecond: number, forMs: number): Iterable<Hit> {
  const count = Math.floor(perMillisecond * forMs);
  for (let place = 0; place < count; place++)
    yield { atMs: Math.floor(place / perMillisecond), key: "caller" };
}

/** Longer than any line of "timestamp key": what is longer is something else, and is not kept in memory. */
const LONGEST_LINE = 1024;

export async function* hitsOfLog(input: AsyncIterable<unknown>): AsyncIterable<Hit> {
  let skipped = 0;
  for await (const line of linesOf(input)) {
    const hit = line === undefined ? undefined : hitOf(line);
    if (hit !== undefined) yield hit;
    else if (line?.trim() !== "") skipped += 1;
  }
  if (skipped > 0) tell(`${skipped} lines are no "timestamp key": skipped`);
}

/** Undefined for a line that is too long. */
async function* linesOf(input: AsyncIterable<unknown>): AsyncIterable<string | undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  let tooLong = false;
  for await (const chunk of input) {
    if (!(chunk instanceof Uint8Array)) continue; // without an encoding it always is
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield tooLong || piece.length > LONGEST_LINE ? undefined : piece;
      tooLong = false;
    }
    if (rest.length > LONGEST_LINE) [rest, tooLong] = ["", true];
  }
  if (tooLong) yield undefined;
  else if (rest !== "") yield rest;
}

function hitOf(line: string): Hit | undefined {
  const [, time = "", key = ""] = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(line) ?? [];
  if (key === "") return undefined;
  const atMs = /^\d{9,10}(\.\d+)?$/.test(time)
    ? Math.floor(Number(time) * 1000)
    : /^\d{13}$/.test(time)
      ? Number(time)
      : /^\d{4}-\d\d-\d\dT/.test(time)
        ? Date.parse(time)
        : Number.NaN;
  return Number.isNaN(atMs) ? undefined : { atMs, key: key.slice(0, 256) };
}
