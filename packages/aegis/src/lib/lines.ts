/**
 * Header fields that are ours word for word, written as one text behind the status line. Node looks at, checks and
 * joins each field of each answer anew; for a dozen that never change this costs a third of a whole bare request.
 * A field that the application has set itself stands, as it would if ours had been set first.
 */
import { type IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from "node:http";

/** Fields as they go out: "name: value\r\n" for each. Nothing that a client sent may get into the text. */
export interface Lines {
  readonly text: string;
  /** In lower case. */
  readonly names: ReadonlySet<string>;
}

/** What of a reply is needed where the server makes its responses itself (HTTPS by Node, a test without a socket). */
interface Reply {
  readonly raw: object;
  hasHeader(name: string): boolean;
  header(name: string, value: string): unknown;
}

/** Node keeps the connection by these; they are no constants. */
const NODES_OWN = /^(connection|content-length|date|expect|keep-alive|trailer|transfer-encoding)$/;

/** @throws for a name or value that HTTP does not allow */
export function linesOf(fields: Readonly<Record<string, string>>): Lines {
  const entries = Object.entries(fields);
  for (const [name, value] of entries) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    if (name !== name.toLowerCase() || NODES_OWN.test(name))
      throw new TypeError(`no field to be written as text: ${name}`);
  }
  return {
    text: entries.map(([name, value]) => `${name}: ${value}\r\n`).join(""),
    names: new Set(entries.map(([name]) => name)),
  };
}

/** For `http.createServer({ ServerResponse })`. */
export class LinesResponse<T extends IncomingMessage = IncomingMessage> extends ServerResponse<T> {
  block: Lines | undefined = undefined;
  added: Lines | undefined = undefined;
}

/** What joins status line and fields; without it (another run-time) every field is set by itself. */
const STORE = "_storeHeader";
const storeHeader: unknown = Reflect.get(ServerResponse.prototype, STORE);
export const writesLines = typeof storeHeader === "function";
if (typeof storeHeader === "function")
  Object.defineProperty(LinesResponse.prototype, STORE, {
    value(this: LinesResponse, statusLine: string, fields: unknown): unknown {
      const { block, added } = this;
      let text = statusLine;
      if (block !== undefined) text += standing(block, fields);
      if (added !== undefined) text += standing(added, fields);
      return Reflect.apply(storeHeader, this, [text, fields]);
    },
  });

/** Ours without what is in `fields` (Node's three forms: object, flat list, list of pairs). */
function standing({ text, names }: Lines, fields: unknown): string {
  if (typeof fields !== "object" || fields === null) return text;
  if (Array.isArray(fields)) return without(text, names, fields.flat(1).map(String));
  for (const name in fields)
    if (names.has(name) || names.has(name.toLowerCase())) return without(text, names, Object.keys(fields));
  return text;
}

function without(text: string, names: ReadonlySet<string>, theirs: readonly string[]): string {
  const set = new Set(theirs.map((name) => name.toLowerCase()));
  if (![...names].some((name) => set.has(name))) return text;
  return fieldsIn(text)
    .filter(([name]) => !set.has(name))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}

const fieldsIn = (text: string): [name: string, value: string][] =>
  text
    .split("\r\n")
    .slice(0, -1)
    .map((line) => {
      const end = line.indexOf(": ");
      return [line.slice(0, end), line.slice(end + 2)];
    });

/** The constant part of an answer; what was given before is replaced. */
export function giveBlock(reply: Reply, block: Lines): void {
  if (reply.raw instanceof LinesResponse) reply.raw.block = block;
  else setEach(reply, block);
}

/** What is known only at the end. */
export function addLines(reply: Reply, added: Lines): void {
  if (reply.raw instanceof LinesResponse) reply.raw.added = added;
  else setEach(reply, added);
}

function setEach(reply: Reply, { text }: Lines): void {
  for (const [name, value] of fieldsIn(text)) if (!reply.hasHeader(name)) reply.header(name, value);
}
