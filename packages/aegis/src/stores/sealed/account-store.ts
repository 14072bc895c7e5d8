/**
 * Accounts whose own words are sealed before another store. Name shown and "about me" are nobody's key and nothing
 * searches them, so a thief of the database need not have them. User name and address stay as they are: both are keys
 * to sign in with, and administrators find people by a part of them, which no keyed hash can serve.
 */
import type { Account, AccountPage, AccountStore } from "../../account/store.ts";
import { encryptedColumn } from "../../crypto/column.ts";
import type { DataKeys } from "../../crypto/data-keys.ts";
import { type Random, systemRandom } from "../../lib/random.ts";

/** Every column that this seals, for `rewrapColumn`. */
export const sealedAccountColumns = [
  { table: "aegis_accounts", column: "display_name", rowColumn: "id" },
  { table: "aegis_accounts", column: "about_me", rowColumn: "id" },
] as const;

/** Seals the words of an account, as `sealedAccounts` does before it stores them. */
export function accountSealer(keys: DataKeys, random: Random = systemRandom) {
  const [name, about] = sealedAccountColumns;
  const nameColumn = encryptedColumn(name, keys, random);
  const aboutColumn = encryptedColumn(about, keys, random);
  return {
    /** Nothing is kept of nothing: that somebody wrote nothing is no secret. */
    sealed: ({ id, displayName, aboutMe }: Pick<Account, "id" | "displayName" | "aboutMe">) => ({
      displayName: displayName === "" ? "" : nameColumn.seal(displayName, { row: id }),
      aboutMe: aboutMe === "" ? "" : aboutColumn.seal(aboutMe, { row: id }),
    }),
    /** @throws SealError */
    openedName: (id: string, sealed: string): string => nameColumn.open(sealed, { row: id }),
    /** @throws SealError */
    opened: (account: Account): Account => ({
      ...account,
      displayName:
        account.displayName === "" ? "" : nameColumn.open(account.displayName, { row: account.id }),
      aboutMe: account.aboutMe === "" ? "" : aboutColumn.open(account.aboutMe, { row: account.id }),
    }),
  };
}

export function sealedAccounts(
  store: AccountStore,
  keys: DataKeys,
  random: Random = systemRandom,
): AccountStore {
  const { sealed, opened } = accountSealer(keys, random);
  const openedOne = async (found: Promise<Account | undefined>): Promise<Account | undefined> => {
    const account = await found;
    return account === undefined ? undefined : opened(account);
  };

  return {
    create: (account, linkEmail) => store.create({ ...account, ...sealed(account) }, linkEmail),
    findById: (id) => openedOne(store.findById(id)),
    findByLogin: (login) => openedOne(store.findByLogin(login)),
    updateProfile: (id, profile) => openedOne(store.updateProfile(id, sealed({ id, ...profile }))),
    list: async (query): Promise<AccountPage> => {
      const page = await store.list(query);
      return { ...page, items: page.items.map(opened) };
    },
    listFlagged: async (query) => (await store.listFlagged(query)).map(opened),
    countUnverified: (email) => store.countUnverified(email),
    linkEmail: (id, email, now) => store.linkEmail(id, email, now),
    replacePasswordHash: (id, from, to) => store.replacePasswordHash(id, from, to),
    changePassword: (id, from, to) => store.changePassword(id, from, to),
    passwordHistory: (id, limit) => store.passwordHistory(id, limit),
    mark: (id, marks) => store.mark(id, marks),
    markUnlessLast: (id, marks, role) => store.markUnlessLast(id, marks, role),
    countWithRole: (role) => store.countWithRole(role),
    removeDue: (now, pendingSince) => store.removeDue(now, pendingSince),
  };
}
