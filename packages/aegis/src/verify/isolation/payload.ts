/** What is sent to a route: JSON, or a file as a form sends it. */
import type { Exchange, WireRequest } from "../../control.ts";
import { isAccepted } from "../wire/checks.ts";
import { envelope, pngFile, textFile } from "../wire/files.ts";
import type { Body } from "./bodies.ts";
import type { Marker } from "./party.ts";

export interface Payload {
  readonly request: Pick<WireRequest, "json" | "bytes" | "headers">;
  /** What it says: coming back to whoever has sent it, it proves nothing. */
  readonly said: string;
}

export const inJson = (body: Body): Payload => ({ request: { json: body }, said: JSON.stringify(body) });

/** A text shows its words when it is read; a picture is what routes take that take no other file. */
export const FILE_KINDS = ["text", "picture"] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export function inFile(kind: FileKind, { word, other }: Marker, place: number): Payload {
  const words = `probe-${word}-${other}-${place}`;
  const made =
    kind === "text"
      ? { ...textFile(`Probe ${words}\n`), name: `${words}.txt` }
      : { ...pngFile(), name: `${words}.png` };
  const { type, body } = envelope(made);
  return { request: { bytes: body, headers: { "Content-Type": type } }, said: words };
}

/** Refused for what it is, not for who asks: a file may be what the route wants. */
export const mayWantFile = ({ response }: Exchange): boolean => [400, 415, 422].includes(response.status);

/** The kind of file that a route takes; undefined where it takes none. */
export async function discoverFile(
  send: (payload: Payload) => Promise<Exchange>,
  marker: Marker,
  place: number,
): Promise<{ readonly kind: FileKind; readonly exchange: Exchange } | undefined> {
  for (const kind of FILE_KINDS) {
    const exchange = await send(inFile(kind, marker, place));
    if (isAccepted(exchange.response.status)) return { kind, exchange };
  }
  return undefined;
}
