/** Recognises that a store is away (as against: answered with an error), by what clients of Node and PostgreSQL throw. */
const NODE_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENOENT",
]);
/** SQLSTATE: connection exceptions (class 08), shutting down, hung (time limit, lock, deadlock), read-only, out of resources. */
const SQL_STATES = /^(08\w{3}|57P0[1-3]|57014|55P03|40P01|40001|25006|53[123]00)$/;
const MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Query read timeout|PGlite is closed)/;

export function isUnavailable(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false;
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "string") {
    // ENOENT means a missing socket only when it came from connecting; a missing file is another matter.
    if (code === "ENOENT") return "syscall" in error && error.syscall === "connect";
    if (NODE_CODES.has(code) || SQL_STATES.test(code)) return true;
  }
  if (MESSAGES.test(error.message)) return true;
  if (error instanceof AggregateError) return error.errors.some((inner) => isUnavailable(inner, depth + 1));
  return isUnavailable(error.cause, depth + 1);
}
