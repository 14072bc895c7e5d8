/** What went over a raw connection, as an exchange: evidence for what no HTTP client would send. */
import type { Exchange, RawAnswer } from "../../control.ts";

const MAX_LINE = 4096;
const MAX_HEADERS = 60;
const MAX_TEXT = 65_536;

/** `status` 0: nothing came back that begins like an answer. Undefined: there was no connection, and so nothing to show. */
export function rawExchange(
  origin: string,
  bytes: string | Uint8Array,
  { text, ended, seconds }: RawAnswer,
): Exchange | undefined {
  if (ended === "refused") return undefined;
  const sent = (
    typeof bytes === "string" ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  )
    .slice(0, MAX_LINE)
    .toString();
  const [method = "", path = ""] = (/^[^\r\n]*/.exec(sent)?.[0] ?? "").split(" ");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  const end = text.indexOf("\r\n\r\n");
  const head = status === 0 || end === -1 ? "" : text.slice(0, Math.min(end, MAX_TEXT));
  const headers = head
    .split("\r\n")
    .slice(1, 1 + MAX_HEADERS)
    .map((line): readonly [string, string] => {
      const colon = line.indexOf(":");
      return colon === -1 ? [line, ""] : [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
  const rest = head === "" ? text : text.slice(end + 4);
  return {
    request: { method, url: `${origin}${path.startsWith("/") ? path : ""}`, headers: [] },
    response: { status, headers, body: rest.slice(0, MAX_TEXT), truncated: rest.length > MAX_TEXT },
    connection: `${ended === "closed" ? "closed by the target" : ended === "time" ? "still open" : "cut by us: too much"} after ${seconds.toFixed(1)} s`,
  };
}
