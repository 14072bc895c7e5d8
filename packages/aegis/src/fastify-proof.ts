/** LIST 2, continued: what an account can prove itself with, and whether it just did. */
import type { FastifyRequest } from "fastify";
import type { Account } from "./account/store.ts";
import type { People } from "./fastify-people.ts";
import type { MfaService } from "./mfa/service.ts";
import { type SignInPaths, signInPaths } from "./sign-in/paths.ts";
import type { Proof } from "./sign-in/routes.ts";

export async function factorsOf(
  people: People,
  mfa: MfaService,
  { id }: Pick<Account, "id">,
): Promise<readonly string[]> {
  const [totp, passkeys, codes] = await Promise.all([
    mfa.hasTotp(id),
    people.stores.passkeys.listByAccount(id),
    mfa.countBackupCodes(id),
  ]);
  return [
    ...(totp ? ["totp"] : []),
    ...(passkeys.length > 0 ? ["passkey"] : []),
    ...(codes.left > 0 ? ["backup_code"] : []),
  ];
}

/** With a second factor only that is proof enough; without one, the password is all there is. */
export async function confirms(
  people: People,
  mfa: MfaService,
  request: FastifyRequest,
  account: Account,
  { password, code, backup_code: backupCode }: Proof,
): Promise<boolean> {
  if (await people.hasSecondFactor(account.id)) {
    const input = {
      ...(code === undefined ? {} : { code }),
      ...(backupCode === undefined ? {} : { backupCode }),
    };
    // In the lane of second factors: whoever knows the password could forgive their own guesses at codes in another.
    const spent = await people.guarded(request, account, "second-factor", () => mfa.spend(account.id, input));
    return spent !== undefined;
  }
  if (password === undefined) return false;
  const { hasher } = people;
  const right = await people.guarded(request, account, "confirm", async () =>
    (await hasher.verify(password, account.passwordHash)).ok ? true : undefined,
  );
  return right === true;
}

/** The classified ways into an account. Another one is declared by the application, or its route does not start. */
export function builtInPaths(): SignInPaths {
  const paths = signInPaths();
  paths.declare("password", "one-factor");
  paths.declare("totp", "second-factor");
  paths.declare("backup_code", "second-factor");
  paths.declare("passkey", "two-factors"); // the authenticator verifies the person (PIN, finger) and has the key
  paths.declare("passkey_second", "second-factor");
  return paths;
}
