/** What the application knows of a user. Times are milliseconds since the Unix epoch. */
export interface Account {
  readonly id: string;
  /** As typed at registration (NFKC). */
  readonly username: string;
  /** As typed; opens nothing and receives nothing but its code until it is linked. */
  readonly email: string | null;
  readonly emailVerifiedAt: number | null;
  /** PHC string. */
  readonly passwordHash: string;
  readonly passwordChangedAt: number;
  /** Asked for a new password at the next sign-in. */
  readonly mustChangePassword: boolean;
  /** Shorter than an account without a second factor may have. */
  readonly passwordNeedsMfa: boolean;
  /** Registered where an address must be verified first, and it has not been: gone after a day. */
  readonly registrationPending: boolean;
  readonly displayName: string;
  readonly aboutMe: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  /** Suspended by an administrator since. */
  readonly disabledAt: number | null;
  /** The owner asked for deletion; gone after this time. */
  readonly deleteAfter: number | null;
}

export interface NewPassword {
  readonly hash: string;
  readonly changedAt: number;
  readonly needsMfa: boolean;
  /** So many of the replaced ones are kept. */
  readonly keepHistory: number;
}

export interface AccountMarks {
  readonly mustChangePassword?: boolean;
  readonly disabledAt?: number | null;
  readonly deleteAfter?: number | null;
}

export const ACCOUNT_ORDERS = ["username", "created_at", "password_changed_at"] as const;

export interface AccountQuery {
  readonly query: string;
  readonly limit: number;
  readonly offset: number;
  /** Default: newest first. */
  readonly order?: { readonly by: (typeof ACCOUNT_ORDERS)[number]; readonly descending: boolean };
}

export interface FlaggedQuery {
  /** Whoever has one of these. */
  readonly roles: readonly string[];
  /** Whose password is older; null: age does not matter. */
  readonly passwordChangedBefore: number | null;
  readonly limit: number;
}

export interface AccountPage {
  readonly items: readonly Account[];
  readonly total: number;
}

/**
 * Where accounts live. User names and linked e-mail addresses are unique by their key (`nameKey`), in one set:
 * a name may not equal another account's address, because both sign in.
 */
export interface AccountStore {
  /**
   * Adds an account; with `linkEmail` its address signs in too. "taken" names what was in use. Of parallel calls with
   * one name exactly one creates.
   */
  create(
    account: Account,
    linkEmail: boolean,
  ): Promise<{ readonly created: true } | { readonly created: false; readonly taken: "username" | "email" }>;
  findById(id: string): Promise<Account | undefined>;
  /** By user name or linked e-mail address. */
  findByLogin(login: string): Promise<Account | undefined>;
  /** How many accounts wait for this address to be verified. */
  countUnverified(email: string): Promise<number>;
  /** Makes the address the account's own, verified, in place of an earlier one; false where another account has it. */
  linkEmail(id: string, email: string, now: number): Promise<boolean>;
  updateProfile(
    id: string,
    profile: { readonly displayName: string; readonly aboutMe: string },
  ): Promise<Account | undefined>;
  /** Replaces the hash if it is still `from`: a rehash at sign-in must not undo a password change. */
  replacePasswordHash(id: string, from: string, to: string): Promise<boolean>;
  /** A new password in place of `from`, which goes into the history; lifts `mustChangePassword`. One call wins. */
  changePassword(id: string, from: string, to: NewPassword): Promise<boolean>;
  /** Hashes of earlier passwords, newest first. */
  passwordHistory(id: string, limit: number): Promise<readonly string[]>;
  mark(id: string, marks: AccountMarks): Promise<boolean>;
  /**
   * Marks one who is to be shut out, unless they have the role and nobody else with it stays: neither suspended nor
   * about to be deleted (they would be gone all the same, later). False then; of parallel calls the last one loses.
   */
  markUnlessLast(id: string, marks: AccountMarks, role: string): Promise<boolean>;
  /** `query` is a part of name or address. */
  list(options: AccountQuery): Promise<AccountPage>;
  /**
   * Who has one of the roles, must change the password, has one that is too old, or too short without a second factor;
   * neither suspended nor about to be deleted. Those with a role first, then the oldest password.
   */
  listFlagged(query: FlaggedQuery): Promise<readonly Account[]>;
  countWithRole(role: string): Promise<number>;
  /** Deletes what is due, and registrations from before that nobody finished; how many. */
  removeDue(now: number, pendingSince: number): Promise<number>;
}

/** What two spellings of a name must share to be the same name: NFKC, then lower case. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll("ς", "σ"); // lower case knows two sigmas for one letter
}
