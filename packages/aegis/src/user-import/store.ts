import type { Account } from "../account/store.ts";

/** One person as they would be written; `linkEmail`: the address signs in too. */
export interface NewPerson {
  readonly account: Account;
  readonly linkEmail: boolean;
  /** What is told of it in the audit log. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * new: nobody has the names. there: this very person, by name and address; left alone. username, email: somebody else has
 * it. full: the tenant has no room.
 */
export type Standing = "new" | "there" | "username" | "email" | "full";

export interface UserImportStore {
  /** How each stands, in their order; changes nothing. */
  look(people: readonly NewPerson[]): Promise<readonly Standing[]>;
  /** Writes those that are new, with their memberships and audit entries, all or none; how each stood. */
  add(people: readonly NewPerson[]): Promise<readonly Standing[]>;
}
