import { inspect } from "node:util";
import { known as secrets } from "./secrets.ts";

/** How the servers end: with a reason and a way out, or by a signal, in bounded time. */
const STOP_WITHIN_MS = 10_000;
const ONE_WISH_MS = 1_000;

/** Prints `error:` and `hint:` and ends the process with status 1. */
export function tellAndExit(error: unknown, hint?: string): never {
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
    return tellAndExit("The port is in use by another program.", "Choose another one: --port 3001");
  const known =
    error instanceof Error &&
    ["ConfigError", "SecretError", "PolicyError", "KeyRingError", "DataKeyError"].includes(error.name);
  const text =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(secrets.line(`error: ${text}\n${hint === undefined ? "" : `hint: ${hint}\n`}`));
  process.exit(1);
}

/** What nobody caught ends the process as it would, but is written without what is known to be secret (an error may hold an address). */
export function tellSurprises(): void {
  process.on("uncaughtException", (error) => {
    process.stderr.write(secrets.line(`error: ${inspect(error)}\n`));
    process.exit(1);
  });
}

/** Ends cleanly on the first SIGTERM or SIGINT; at once on a later one, or when ending takes too long. */
export function stopOnSignal(stop: () => Promise<void>, drainSeconds = 0): void {
  let stoppingSince: number | undefined;
  const onSignal = (): void => {
    if (stoppingSince !== undefined) {
      // A service manager that ends a whole group, and the first process of it, both say so: that is one wish.
      if (performance.now() - stoppingSince > ONE_WISH_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), STOP_WITHIN_MS + drainSeconds * 1000).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => tellAndExit(error),
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}
