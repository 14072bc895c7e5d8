/** What the application knows of a user. Times are milliseconds since the Unix epoch. */
export interface Account {
  readonly id: string;
  /** As typed at registration (NFKC). */
  readonly username: string;
  readonly email: string | null;
  /** PHC string. */
  readonly passwordHash: string;
  readonly passwordChangedAt: number;
  readonly displayName: string;
  readonly aboutMe: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
}

/**
 * Where accounts live. User names and e-mail addresses are unique by their key (`nameKey`), each in its own set:
 * a name may not equal another account's address either, because both sign in.
 */
export interface AccountStore {
  /** Adds an account; "taken" names what was in use. Of parallel calls with one name exactly one creates. */
  create(
    account: Account,
  ): Promise<{ readonly created: true } | { readonly created: false; readonly taken: "username" | "email" }>;
  findById(id: string): Promise<Account | undefined>;
  /** By user name or e-mail address. */
  findByLogin(login: string): Promise<Account | undefined>;
  updateProfile(
    id: string,
    profile: { readonly displayName: string; readonly aboutMe: string },
  ): Promise<Account | undefined>;
  /** Replaces the hash if it is still `from`: a rehash at sign-in must not undo a password change. */
  replacePasswordHash(id: string, from: string, to: string): Promise<boolean>;
}

/** What two spellings of a name must share to be the same name: NFKC, then lower case. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
