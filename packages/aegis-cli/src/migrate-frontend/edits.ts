/** Edits of a text. What no edit names stays, byte for byte. */
import type { Module } from "../source/parse.ts";

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export class OverlapError extends Error {
  override readonly name = "OverlapError";
}

/** In order and without twins; two that meet each other are a contradiction, and stop the file. */
export function ordered(edits: readonly Edit[]): readonly Edit[] {
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const edit of sorted) {
    if (edit.start < end) throw new OverlapError("two changes meet at one place");
    end = edit.end;
  }
  return sorted;
}

export function applied(text: string, edits: readonly Edit[]): string {
  let [result, last] = ["", 0];
  for (const edit of edits) {
    result += text.slice(last, edit.start) + edit.text;
    last = edit.end;
  }
  return result + text.slice(last);
}

export const lineStart = (text: string, position: number): number =>
  position === 0 ? 0 : text.lastIndexOf("\n", position - 1) + 1;

/** Where the line's content ends: before its CR LF or LF. */
export function endOfLine(text: string, position: number): number {
  const newline = text.indexOf("\n", position);
  if (newline === -1) return text.length;
  return newline > position && text[newline - 1] === "\r" ? newline - 1 : newline;
}

export const indentAt = (text: string, position: number): string =>
  /^\uFEFF?([ \t]*)/.exec(text.slice(lineStart(text, position), position))?.[1] ?? "";

/** The line ending that is used here; a file may mix them. */
export function newlineOf(text: string, position: number): string {
  const next = text.indexOf("\n", position);
  const near = next === -1 ? text.lastIndexOf("\n", position) : next;
  return near > 0 && text[near - 1] === "\r" ? "\r\n" : "\n";
}

/** The first position that is neither space nor comment. */
export function skipTrivia({ text, comments }: Module, from: number): number {
  let position = from;
  for (;;) {
    while (position < text.length && /\s/.test(text[position] ?? "")) position += 1;
    const comment = comments.find(({ start }) => start === position);
    if (comment === undefined) return position;
    position = comment.end;
  }
}

/** Nothing but spaces and comments stand behind it in its line, and no comment goes on in the next. */
export function isLineEnd({ text, comments }: Module, from: number): boolean {
  const end = endOfLine(text, from);
  let position = from;
  for (;;) {
    while (text[position] === " " || text[position] === "\t") position += 1;
    if (position >= end) return true;
    const comment = comments.find(({ start }) => start === position);
    if (comment === undefined || comment.end > end) return false;
    position = comment.end;
  }
}
