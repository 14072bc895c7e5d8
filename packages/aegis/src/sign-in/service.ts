/** Checks a password at sign-in, in the words of the domain: whoever asks, the same work is done. */

/** Of an account, as much as a sign-in needs. */
export interface SignInAccount {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly passwordHash: string;
  readonly disabledAt: number | null;
}

interface Attempt {
  readonly allowed: boolean;
  readonly tellOwner: boolean;
  succeeded(): Promise<void>;
}

export interface PasswordCheckParts<A extends SignInAccount> {
  readonly findByLogin: (login: string) => Promise<A | undefined>;
  readonly findDevice: (accountId: string, cookie: string | undefined) => Promise<string | undefined>;
  readonly attempt: (who: {
    readonly accountId: string | undefined;
    readonly login: string;
    readonly device: string | undefined;
    readonly roles: readonly string[];
  }) => Promise<Attempt>;
  readonly verify: (
    password: string,
    hash: string,
  ) => Promise<{ readonly ok: boolean; readonly needsRehash: boolean }>;
  readonly verifyNothing: (password: string) => Promise<void>;
  /** Replaces a hash that is weaker than the policy asks for; true where it was replaced. */
  readonly rehash: (account: A, password: string) => Promise<boolean>;
}

export type PasswordCheck<A> =
  | { readonly ok: true; readonly account: A; readonly rehashed: boolean }
  | {
      readonly ok: false;
      readonly because: "unknown_user" | "wrong_password" | "must_wait" | "suspended";
      readonly account?: A;
      readonly tellOwner: boolean;
    };

const NOBODY = "00000000-0000-0000-0000-000000000000";

export function passwordCheck<A extends SignInAccount>(parts: PasswordCheckParts<A>) {
  return async (login: string, password: string, cookie: string | undefined): Promise<PasswordCheck<A>> => {
    const account = await parts.findByLogin(login);
    const device = await parts.findDevice(account?.id ?? NOBODY, cookie);
    const attempt = await parts.attempt({
      accountId: account?.id,
      login,
      device,
      roles: account?.roles ?? [],
    });
    const { tellOwner } = attempt;
    // A guess that must wait is not looked at, and costs the same: neither words nor time tell.
    if (account === undefined || !attempt.allowed) {
      await parts.verifyNothing(password);
      return account === undefined
        ? { ok: false, because: "unknown_user", tellOwner: false }
        : { ok: false, because: "must_wait", account, tellOwner };
    }
    const { ok, needsRehash } = await parts.verify(password, account.passwordHash);
    if (!ok) return { ok: false, because: "wrong_password", account, tellOwner };
    if (account.disabledAt !== null) return { ok: false, because: "suspended", account, tellOwner };
    await attempt.succeeded();
    return { ok: true, account, rehashed: needsRehash && (await parts.rehash(account, password)) };
  };
}
