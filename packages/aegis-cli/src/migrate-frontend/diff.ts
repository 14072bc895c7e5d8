/** A unified diff, made from the edits themselves; `git apply` and `patch` take it. */
import { applied, type Edit } from "./edits.ts";

interface Block {
  /** Lines of the text before, from 0; `to` is not among them. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

const CONTEXT = 3;

export function unifiedDiff(path: string, before: string, edits: readonly Edit[]): string {
  const lines = linesOf(before);
  const blocks = blocksOf(before, lines, edits);
  const hunks: Block[][] = [];
  for (const block of blocks) {
    const last = hunks.at(-1);
    const previous = last?.at(-1);
    if (last !== undefined && previous !== undefined && block.from - previous.to <= 2 * CONTEXT)
      last.push(block);
    else hunks.push([block]);
  }
  let shift = 0;
  let text = `--- ${nameOf("a", path)}\n+++ ${nameOf("b", path)}\n`;
  for (const hunk of hunks) {
    const start = Math.max(0, (hunk[0]?.from ?? 0) - CONTEXT);
    const end = Math.min(lines.length, (hunk.at(-1)?.to ?? 0) + CONTEXT);
    const body: string[] = [];
    let [at, added] = [start, 0];
    for (const { from, to, lines: fresh } of hunk) {
      for (; at < from; at += 1) body.push(marked(" ", lines[at] ?? ""));
      for (; at < to; at += 1) body.push(marked("-", lines[at] ?? ""));
      for (const line of fresh) body.push(marked("+", line));
      added += fresh.length - (to - from);
    }
    for (; at < end; at += 1) body.push(marked(" ", lines[at] ?? ""));
    const count = end - start;
    text += `@@ -${range(start, count)} +${range(start + shift, count + added)} @@\n${body.join("")}`;
    shift += added;
  }
  return text;
}

const range = (start: number, count: number): string => `${count === 0 ? start : start + 1},${count}`;

const marked = (mark: string, line: string): string =>
  line.endsWith("\n") ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`;

/** With their line ends, so that a CR before an LF stays one. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function nameOf(side: string, path: string): string {
  const name = `${side}/${path}`;
  return /["\\\u0000-\u001f\u007f]/.test(name) ? JSON.stringify(name) : name;
}

function blocksOf(before: string, lines: readonly string[], edits: readonly Edit[]): readonly Block[] {
  const starts: number[] = [];
  let position = 0;
  for (const line of lines) {
    starts.push(position);
    position += line.length;
  }
  const lineAt = (offset: number): number => {
    let line = starts.length - 1;
    while (line > 0 && (starts[line] ?? 0) > offset) line -= 1;
    return Math.max(0, line);
  };
  const groups: { from: number; to: number; edits: Edit[] }[] = [];
  for (const edit of edits) {
    const from = lineAt(edit.start);
    const next = lineAt(edit.end);
    // Whole lines end where the next one begins, and leave that one alone.
    const isWhole =
      edit.text === "" && next > from && starts[next] === edit.end && starts[from] === edit.start;
    const to = isWhole ? next : next + 1;
    const last = groups.at(-1);
    if (last !== undefined && from < last.to) {
      last.to = Math.max(last.to, to);
      last.edits.push(edit);
    } else groups.push({ from, to, edits: [edit] });
  }
  return groups.flatMap(({ from, to, edits: own }) => {
    const start = starts[from] ?? 0;
    const end = starts[to] ?? before.length;
    const moved = own.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
    return trimmed(from, lines.slice(from, to), linesOf(applied(before.slice(start, end), moved)));
  });
}

/** Without the lines at both ends that stay as they are. */
function trimmed(from: number, old: readonly string[], fresh: readonly string[]): Block[] {
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < fresh.length - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  )
    tail += 1;
  const block = {
    from: from + head,
    to: from + old.length - tail,
    lines: fresh.slice(head, fresh.length - tail),
  };
  return block.from === block.to && block.lines.length === 0 ? [] : [block];
}
