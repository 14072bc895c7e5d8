import { type Command, InvalidArgumentError } from "commander";
import type { Options } from "./run.ts";
import { UsageError } from "../talk.ts";

const MOST_NAMES = 100;

/** Collects a repeated option, checked by `valid`. */
const collected =
  (valid: (text: string) => string) =>
  (text: string, earlier: readonly string[] = []): readonly string[] => {
    if (earlier.length >= MOST_NAMES) throw new InvalidArgumentError(`No more than ${MOST_NAMES} of these.`);
    return [...earlier, valid(text)];
  };

function headerName(text: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(text))
    throw new InvalidArgumentError("It must be the name of a header, e.g. X-Org-ID.");
  return text.toLowerCase();
}

function originOf(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.pathname !== "/" ||
    url.search !== ""
  )
    throw new InvalidArgumentError("It must be an origin, e.g. https://api.example.");
  return url.origin;
}

function expressionOf(text: string): string {
  if (!/^(?:this|[\w$]+)(?:\.[\w$]+)*$/.test(text))
    throw new InvalidArgumentError("It must be a name, e.g. API_URL or import.meta.env.VITE_API_URL.");
  return text;
}

/** `aegis migrate-frontend`: takes identity headers out of a front end and has its requests carry the session cookie (DEP-3). */
export function registerMigrateFrontend(program: Command): void {
  program
    .command("migrate-frontend")
    .description(
      "take identity headers out of a front end and have its requests carry the session cookie: shows a diff, and writes only with --write",
    )
    .argument("<folder>", "the front end's sources: TypeScript, JavaScript, JSX, Vue")
    .option("--write", "change the files")
    .option("--check", "for CI: the report alone, no diff")
    .option("--json", "the report and the diffs as JSON")
    .option(
      "--header <name>",
      "one more header to take out (X-Customer-ID, X-User-ID, X-Tenant-ID are known)",
      collected(headerName),
    )
    .option(
      "--api <origin>",
      "another origin that takes the session cookie, e.g. https://api.example",
      collected(originOf),
    )
    .option(
      "--api-base <expression>",
      "an expression that holds your API's address, e.g. import.meta.env.VITE_API_URL",
      collected(expressionOf),
    )
    .addHelpText(
      "after",
      "\nEnds with 0 where there is nothing to do, 1 where findings are left, 2 where it could not work.",
    )
    .action(async (folder: string, options: Options) => {
      const { migrateFolder } = await loaded();
      await migrateFolder(folder, options);
    });
}

/** Only here: where there is no parser for a machine, the other commands work all the same. */
async function loaded(): Promise<typeof import("./run.ts")> {
  try {
    return await import("./run.ts");
  } catch (error) {
    throw new UsageError(
      `The parser cannot be loaded: ${error instanceof Error ? error.message.slice(0, 200) : "unknown"}`,
      "oxc-parser has a binding for each platform among its optional dependencies: install with them.",
    );
  }
}
