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
  /** The answer's body as it came: some refusals say more than a problem does. */
  readonly data: unknown;

  constructor(
    status: number,
    code: string,
    message: string,
    facts: {
      requestId?: string;
      fields?: readonly FieldProblem[];
      retryAfterSeconds?: number;
      data?: unknown;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = facts.requestId;
    this.fields = facts.fields ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.data = facts.data;
  }
}

/** No answer at all: offline, or the server is away. */
export class OfflineError extends Error {
  override readonly name = "OfflineError";
}

/** The person was asked to confirm who they are, and did not. Nothing was changed. */
export class ProofCancelledError extends Error {
  override readonly name = "ProofCancelledError";
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

let csrf: Promise<string> | undefined;
/** A token belongs to one session: forget it whenever the session changes. */
export const forgetCsrfToken = (): void => {
  csrf = undefined;
};

/** Listeners of one kind of news; each `subscribe` gives back the way out. */
function news() {
  const listeners = new Set<() => void>();
  return {
    tell: () => listeners.forEach((listener) => listener()),
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
const sessionLost = news();
const stepDue = news();
/** Told when the server no longer knows the session that a request was sent with. */
export const whenSessionLost = sessionLost.subscribe;
/** Told when a request was refused because the sign-in is not finished. */
export const whenStepDue = stepDue.subscribe;

let askForProof: (() => Promise<boolean>) | undefined;
/** Who asks the person to confirm that it is them; true when they have. */
export function proveWith(ask: () => Promise<boolean>): () => void {
  askForProof = ask;
  return () => {
    if (askForProof === ask) askForProof = undefined;
  };
}

/** A stranger's calls: guarded by where they come from, since there is no session that a token could belong to. */
const OPEN = new Set([
  "/api/login",
  "/api/logout",
  "/api/register",
  "/api/register/verify",
  "/api/register/resend",
  "/api/auth/password/forgot",
  "/api/auth/password/reset",
  "/api/auth/passkeys/sign-in/options",
  "/api/auth/passkeys/sign-in/verify",
]);

export async function call<T>(
  method: Method,
  path: string,
  parse: Parser<T>,
  body?: unknown,
  conditions: Readonly<Record<string, string>> = {},
): Promise<T> {
  const guarded = method !== "GET" && !OPEN.has(path);
  const response = await proven(method !== "GET", () =>
    fresh(guarded, () => send(method, path, body, guarded, conditions)),
  );
  return parse(await json(response));
}

/** A file, fetched like every other call, so that proof and errors work the same way. */
export async function download(path: string): Promise<Blob> {
  return (await proven(true, () => send("GET", path, undefined, false))).blob();
}

/** Fresh proof where the server wants it: asked for once, then the call is repeated once. */
async function proven(asks: boolean, attempt: () => Promise<Response>): Promise<Response> {
  try {
    return await attempt();
  } catch (error) {
    if (!asks || askForProof === undefined) throw error;
    if (!(error instanceof ApiError) || error.code !== "AEGIS_ACCESS_PROOF_NEEDED") throw error;
    if (await askForProof()) return attempt();
    throw new ProofCancelledError("Nothing was changed: you did not confirm that it is you.");
  }
}

/** A token that has gone stale with its session is fetched again, once. */
async function fresh(guarded: boolean, attempt: () => Promise<Response>): Promise<Response> {
  try {
    return await attempt();
  } catch (error) {
    const stale = error instanceof ApiError && error.code.startsWith("AEGIS_CSRF_TOKEN_");
    if (!guarded || !stale) throw error;
    forgetCsrfToken();
    return attempt();
  }
}

async function send(
  method: Method,
  path: string,
  body: unknown,
  guarded: boolean,
  conditions: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const headers: Record<string, string> = { ...conditions, accept: "application/json" };
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
  if (response.ok) return response;
  throw refusalOf(response.status, response.headers.get("retry-after"), await json(response));
}

/** What an answer says that says no; whoever listens hears of a session that is gone. */
export function refusalOf(status: number, retryAfter: string | null, data: unknown): ApiError {
  const error = errorOf(status, retryAfter, data);
  if (error.code === "AEGIS_ACCESS_SIGN_IN_REQUIRED") sessionLost.tell();
  if (error.code === "AEGIS_ACCESS_SIGN_IN_UNFINISHED") stepDue.tell();
  return error;
}

const json = (response: Response): Promise<unknown> => response.json().catch(() => undefined);

function errorOf(status: number, retryField: string | null, data: unknown): ApiError {
  const retryAfter = Number(retryField);
  const waits = Number.isInteger(retryAfter) && retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {};
  try {
    const { code, detail, request_id: requestId, errors } = problem(data);
    return new ApiError(status, code, detail, {
      ...(typeof requestId === "string" ? { requestId } : {}),
      ...(errors === undefined ? {} : { fields: errors }),
      ...waits,
      data,
    });
  } catch {
    return new ApiError(status, "UNREADABLE", `The server answered with status ${status}.`, {
      ...waits,
      data,
    });
  }
}

export async function csrfToken(): Promise<string> {
  csrf ??= send("GET", "/csrf-token", undefined, false)
    .then(json)
    .then((data) => text(record(data)["csrf_token"]));
  try {
    return await csrf;
  } catch (error) {
    forgetCsrfToken();
    throw error;
  }
}
