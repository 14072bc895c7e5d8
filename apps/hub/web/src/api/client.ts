/** The one door to the server: JSON in and out, the CSRF token where it is needed, problems as errors. */
import { list, nullable, object, optional, type Parser, record, text } from "./parse.ts";

const fieldError = object({ field: text, reason: text, message: text });
export type FieldProblem = ReturnType<typeof fieldError>;

const problem = object({
  title: text,
  detail: text,
  code: text,
  request_id: optional(nullable(text)),
  errors: optional(list(fieldError)),
});

/** An answer that says no. `code` is stable; `message` is the server's own words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    facts: { requestId?: string; fields?: readonly FieldProblem[]; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = facts.requestId;
    this.fields = facts.fields ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** No answer at all: offline, or the server is away. */
export class OfflineError extends Error {
  override readonly name = "OfflineError";
}

type Method = "GET" | "POST" | "DELETE";

let csrf: Promise<string> | undefined;
/** A token belongs to one session: forget it whenever the session changes. */
export const forgetCsrfToken = (): void => {
  csrf = undefined;
};

const onSessionLost = new Set<() => void>();
/** Told when the server no longer knows the session that a request was sent with. */
export function whenSessionLost(listener: () => void): () => void {
  onSessionLost.add(listener);
  return () => onSessionLost.delete(listener);
}

const OPEN = new Set(["/api/login", "/api/register", "/api/logout"]);

export async function call<T>(method: Method, path: string, parse: Parser<T>, body?: unknown): Promise<T> {
  const guarded = method !== "GET" && !OPEN.has(path);
  try {
    return parse(await send(method, path, body, guarded));
  } catch (error) {
    const stale = error instanceof ApiError && error.code.startsWith("AEGIS_CSRF_TOKEN_");
    if (!guarded || !stale) throw error;
    forgetCsrfToken();
    return parse(await send(method, path, body, true));
  }
}

async function send(method: Method, path: string, body: unknown, guarded: boolean): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (guarded) headers["x-csrftoken"] = await csrfToken();
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new OfflineError("The server cannot be reached. Check your connection and try again.");
  }
  const data: unknown = await response.json().catch(() => undefined);
  if (response.ok) return data;
  const error = errorOf(response, data);
  if (error.code === "AEGIS_ACCESS_SIGN_IN_REQUIRED") for (const listener of onSessionLost) listener();
  throw error;
}

function errorOf(response: Response, data: unknown): ApiError {
  const retryAfter = Number(response.headers.get("retry-after"));
  const waits = Number.isInteger(retryAfter) && retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {};
  try {
    const { code, detail, request_id: requestId, errors } = problem(data);
    return new ApiError(response.status, code, detail, {
      ...(typeof requestId === "string" ? { requestId } : {}),
      ...(errors === undefined ? {} : { fields: errors }),
      ...waits,
    });
  } catch {
    return new ApiError(
      response.status,
      "UNREADABLE",
      `The server answered with status ${response.status}.`,
      waits,
    );
  }
}

async function csrfToken(): Promise<string> {
  csrf ??= send("GET", "/csrf-token", undefined, false).then((data) => text(record(data)["csrf_token"]));
  try {
    return await csrf;
  } catch (error) {
    forgetCsrfToken();
    throw error;
  }
}
