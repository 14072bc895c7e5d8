/** One question to a source over HTTP: bounded in time and size, redirected nowhere, and quoted in no message. */
import { sourceFailure } from "../../secret/errors.ts";

export interface Asked {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutSeconds: number;
  /** For messages. */
  readonly where: string;
  /** Default: the system's. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface Told {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly data: unknown;
}

const MOST_BYTES = 1_048_576;

/** @throws SecretError AEGIS_SECRET_SOURCE_AWAY */
export async function ask(asked: Asked): Promise<Told> {
  const { url, method, headers, body, timeoutSeconds, where, fetch: send = globalThis.fetch } = asked;
  try {
    const response = await send(url, {
      method,
      headers,
      // A redirect would carry what authenticates to wherever somebody's answer says.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, data: jsonOf(await textOf(response)) };
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw sourceFailure(
      "away",
      where,
      name === "TimeoutError" ? `no answer within ${timeoutSeconds} s` : `no answer (${reasonOf(error)})`,
    );
  }
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error("too much");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The system's word (ECONNREFUSED), never a message that may hold an address with a password in it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error instanceof Error && error.message === "too much" ? "it is too long" : "the connection broke";
}

/**
 * Credentials go over TLS, or to this machine alone.
 * @throws SecretError AEGIS_SECRET_SOURCE_BROKEN
 */
export function safeAddress(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const own = url !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && own)))
    throw sourceFailure("broken", variable, "it must be an https address (http: for this machine alone)");
  if (url.username !== "" || url.password !== "")
    throw sourceFailure("broken", variable, "it must hold no user and no password");
  return url;
}
