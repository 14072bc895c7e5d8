/** Registration and sign-in, in the words of the domain. Collaborators from other rooms come as arguments. */
import type { FieldError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import type { Account, AccountStore } from "./store.ts";

export interface Passwords {
  /** Every rule that the password breaks. */
  problems(
    password: string,
    context: { readonly username: string; readonly email: string | null },
  ): FieldError[];
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<{ readonly ok: boolean; readonly needsRehash: boolean }>;
  /** As much work as a verification, for a user that does not exist. */
  verifyNothing(password: string): Promise<void>;
}

export interface Registration {
  readonly username: string;
  readonly email?: string;
  readonly password: string;
}

export type SignInResult =
  | { readonly ok: true; readonly account: Account; readonly rehashed: boolean }
  | { readonly ok: false; readonly because: "unknown_user" | "wrong_password"; readonly account?: Account };

export interface AccountService {
  /** @throws AEGIS_ACCOUNT_REGISTRATION_CLOSED, AEGIS_ACCOUNT_TAKEN; @returns the rules that the password breaks instead. */
  register(
    registration: Registration,
  ): Promise<{ readonly account: Account } | { readonly problems: FieldError[] }>;
  signIn(login: string, password: string): Promise<SignInResult>;
}

export function accountService(
  policy: DeepReadonly<AccountPolicy>,
  store: AccountStore,
  passwords: Passwords,
  clock: Clock,
  random: Random,
): AccountService {
  return {
    async register({ username: typed, email = null, password }) {
      if (!policy.selfRegistration) throw accountError("AEGIS_ACCOUNT_REGISTRATION_CLOSED");
      const username = typed.normalize("NFKC");
      const problems = passwords.problems(password, { username, email });
      if (problems.length > 0) return { problems };
      const now = clock.now();
      const account: Account = {
        id: random.uuid(),
        username,
        email,
        passwordHash: await passwords.hash(password),
        passwordChangedAt: now,
        displayName: username,
        aboutMe: "",
        roles: ["user"],
        createdAt: now,
      };
      const result = await store.create(account);
      if (!result.created) throw accountError("AEGIS_ACCOUNT_TAKEN", { log: { taken: result.taken } });
      return { account };
    },

    async signIn(login, password) {
      const account = await store.findByLogin(login);
      if (account === undefined) {
        await passwords.verifyNothing(password); // so that the clock does not tell who exists
        return { ok: false, because: "unknown_user" };
      }
      const { ok, needsRehash } = await passwords.verify(password, account.passwordHash);
      if (!ok) return { ok: false, because: "wrong_password", account };
      const rehashed =
        needsRehash &&
        (await store.replacePasswordHash(account.id, account.passwordHash, await passwords.hash(password)));
      return { ok: true, account, rehashed };
    },
  };
}
