/** The two accounts by which the isolation of tenants is proven. From files: other people see a command line. */
import { readFileSync } from "node:fs";
import type { TargetDescription } from "aegis/verify";
import { UsageError } from "../talk.ts";

interface AccountFiles {
  readonly account?: string;
  readonly otherAccount?: string;
}

export function withAccounts(
  target: TargetDescription | undefined,
  { account, otherAccount }: AccountFiles,
): TargetDescription | undefined {
  if (account === undefined && otherAccount === undefined) return target;
  if (account === undefined || otherAccount === undefined)
    throw new UsageError(
      "One account alone shows nothing of isolation.",
      "Give --account and --other-account, of two tenants.",
    );
  const isolation = {
    ...target?.isolation,
    account: readAccount(account),
    otherAccount: readAccount(otherAccount),
  };
  return { ...target, isolation };
}

export function readAccount(file: string): { readonly username: string; readonly password: string } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`${file} cannot be read.`);
  }
  const [username = "", password = "", ...more] = text.replace(/\r?\n$/, "").split(/\r?\n/);
  if (username === "" || password === "" || more.length > 0 || text.length > 512)
    throw new UsageError(`${file} holds no account.`, "Give two lines: the user name, the password.");
  return { username, password };
}
