/** Registration and addresses, in the words of the domain. Collaborators from other rooms come as arguments. */
import type { FieldError } from "../errors.ts";
import { sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import { type Account, type AccountStore, nameKey } from "./store.ts";
import { normalUsername, usernameProblems } from "./username.ts";

export interface Registration {
  readonly username: string;
  readonly email?: string;
  readonly password: string;
}

export interface AccountParts {
  readonly store: AccountStore;
  /** Whether a mail can go there at all. */
  readonly isAddress: (email: string) => boolean;
  /** Every reason against the password, or its hash. */
  readonly checkPassword: (
    password: string,
    who: { readonly username: string; readonly email: string | null },
  ) => Promise<{ readonly problems: readonly FieldError[] } | { readonly hash: string }>;
  /** A new code in place of the subject's last one. */
  readonly issueCode: (
    subject: string,
    data: Readonly<Record<string, string>>,
  ) => Promise<string | undefined>;
  /** Counts a letter about the subject; false where it was one too soon, or one too many in 24 hours. */
  readonly mayWrite: (subject: string, everySeconds: number, perDay: number) => Promise<boolean>;
  /** From 0 to 1, the same for the same text, and not to be known in advance. */
  readonly lot: (text: string) => number;
  readonly redeemCode: (
    subject: string,
    code: string,
  ) => Promise<Readonly<Record<string, string>> | undefined>;
  readonly clock: Clock;
  readonly random: Random;
}

/** What goes to an address; where its links lead depends on the request. */
export interface AddressLetters {
  code(to: string, code: string): void;
  /** Tells the owner of an address that somebody tried to register with it. */
  taken(to: string): void;
}

export interface AccountService {
  /** @throws AEGIS_ACCOUNT_REGISTRATION_CLOSED, AEGIS_ACCOUNT_TAKEN; `problems`: what name and password break. */
  register(
    registration: Registration,
    /** What else is wrong with it: told together with the rest. */
    others?: readonly FieldError[],
  ): Promise<{ readonly account: Account } | { readonly problems: readonly FieldError[] }>;
  /** Sends a code to the address, or tells its owner that it is taken: outside, both look the same. */
  sendCode(accountId: string, email: string, letters: AddressLetters): Promise<void>;
  /** Counts a wish for another address. @throws AEGIS_ACCOUNT_CODES_SPENT */
  demandChange(accountId: string): Promise<void>;
  /** Sends another code to the address that this account waits for. */
  resendCode(login: string, email: string, letters: AddressLetters): Promise<void>;
  /** The account that now owns the address, and the verified one that it left for it; undefined for a wrong code. */
  verifyEmail(
    login: string,
    email: string,
    code: string,
  ): Promise<{ readonly account: Account; readonly left: string | null } | undefined>;
}

const ADDRESS_PROBLEM: FieldError = {
  field: "email",
  reason: "format",
  message: "Not an address that mail can be sent to.",
};

/** Letters that one address is sent in 24 hours, and codes that one account is sent for it. */
const LETTERS_PER_DAY = 10;
/** Of the accounts that wait for an address whose letters are used up, about so many are sent a code all the same. */
const DRAWN_PER_DAY = 20;
const DAY_MS = 86_400_000;

const keyOf = (email: string): string => sha256(nameKey(email));
/**
 * A code is for one account at one address: a stranger who claims the address too is sent a code of their own, which
 * does nothing for the account of whoever reads the mail, and wrong guesses at theirs use up no try at this one. What
 * remains: who knows both user name and address of an account that waits can use up its tries and its letters, ten
 * times a day; they win nothing by it, and the next day's code is as good.
 */
const subjectOf = (accountId: string, email: string): string => `${accountId} ${keyOf(email)}`;
/** A new password ends what was begun under the old one: a thief's change of address must not outlive the reset. */
const asOf = ({ passwordChangedAt }: Account): string => String(passwordChangedAt);

export function accountService(policy: DeepReadonly<AccountPolicy>, parts: AccountParts): AccountService {
  const { store, clock, random } = parts;

  const mayWrite = (subject: string): Promise<boolean> =>
    parts.mayWrite(subject, policy.verificationResendSeconds, LETTERS_PER_DAY);

  /**
   * However many accounts claim an address, it is sent ten letters a day; or somebody who registers a few of them would
   * fill a stranger's mailbox. But ten requests a day would then keep the owner's own code from them for ever, and
   * nobody can tell the owner's account from the others before it is verified. So beyond the ten a lot is drawn, anew
   * every day: it gives some of those who registered with the address one code each. With twenty waiting or fewer it
   * gives all of them one; a thousand accounts are sent about twenty in a day between them, and still shut the owner
   * out on most days only. Where an account wants another address than the one it waits for there is no lot: it has
   * no owner to lose.
   */
  const isDrawn = async ({ id, email: own, emailVerifiedAt }: Account, email: string): Promise<boolean> => {
    if (own === null || emailVerifiedAt !== null || nameKey(own) !== nameKey(email)) return false;
    const day = Math.floor(clock.now() / DAY_MS);
    const waiting = await store.countUnverified(email);
    if (parts.lot(`${day} ${subjectOf(id, email)}`) * waiting >= DRAWN_PER_DAY) return false;
    return parts.mayWrite(`drawn ${subjectOf(id, email)}`, 0, 1);
  };

  const sendCode = async (accountId: string, email: string, letters: AddressLetters): Promise<void> => {
    const owner = await store.findByLogin(email);
    if (owner !== undefined && owner.id !== accountId) {
      if (await mayWrite(`taken ${keyOf(email)}`)) letters.taken(email);
      return;
    }
    const account = await store.findById(accountId);
    if (account === undefined) return;
    // Every limit is asked before the code is made: one that is not sent must not void the one that was.
    const subject = subjectOf(accountId, email);
    if (!(await mayWrite(`code ${subject}`))) return;
    if (!(await mayWrite(`to ${keyOf(email)}`)) && !(await isDrawn(account, email))) return;
    const code = await parts.issueCode(subject, { accountId, email, asOf: asOf(account) });
    if (code !== undefined) letters.code(email, code);
  };

  return {
    sendCode,
    async register({ username: typed, email = null, password }, others = []) {
      if (!policy.selfRegistration) throw accountError("AEGIS_ACCOUNT_REGISTRATION_CLOSED");
      const username = normalUsername(typed);
      const badName = usernameProblems(policy, username);
      const checked = await parts.checkPassword(password, { username, email });
      const badAddress = email === null || parts.isAddress(email) ? [] : [ADDRESS_PROBLEM];
      const problems = [
        ...badName,
        ...badAddress,
        ...("problems" in checked ? checked.problems : []),
        ...others,
      ];
      if (problems.length > 0 || "problems" in checked) return { problems };
      const now = clock.now();
      const account: Account = {
        id: random.uuid(),
        username,
        email,
        emailVerifiedAt: null,
        passwordHash: checked.hash,
        passwordChangedAt: now,
        mustChangePassword: false,
        passwordNeedsMfa: false,
        registrationPending: policy.emailVerification === "required",
        displayName: username,
        aboutMe: "",
        roles: ["user"],
        createdAt: now,
        disabledAt: null,
        deleteAfter: null,
      };
      const believed = policy.emailVerification === "off" && email !== null;
      let result = await store.create(account, believed);
      if (!result.created && result.taken === "email") result = await store.create(account, false);
      if (!result.created) throw accountError("AEGIS_ACCOUNT_TAKEN", { log: { taken: result.taken } });
      return { account };
    },

    async demandChange(accountId) {
      // Over all addresses: each stranger's own limits would let one session write to any number of them.
      if (!(await parts.mayWrite(`change ${accountId}`, 0, LETTERS_PER_DAY)))
        throw accountError("AEGIS_ACCOUNT_CODES_SPENT");
    },

    async resendCode(login, email, letters) {
      const account = await store.findByLogin(login);
      if (account === undefined || account.email === null || account.disabledAt !== null) return;
      // Its own address alone: a stranger could have letters sent to any other in the account's name.
      if (account.emailVerifiedAt === null && nameKey(account.email) === nameKey(email))
        await sendCode(account.id, email, letters);
    },

    async verifyEmail(login, email, code) {
      // Where nobody has the name the same is looked for in vain: the answers are alike.
      const named = (await store.findByLogin(login))?.id ?? "nobody";
      const data = await parts.redeemCode(subjectOf(named, email), code);
      const { accountId, email: typed, asOf: then } = data ?? {};
      if (accountId === undefined || typed === undefined) return undefined;
      const before = await store.findById(accountId);
      if (before === undefined || before.disabledAt !== null || asOf(before) !== then) return undefined;
      const linked = await store.linkEmail(accountId, typed, clock.now());
      const account = linked ? await store.findById(accountId) : undefined;
      if (account === undefined) return undefined;
      const left = before.emailVerifiedAt === null || before.email === account.email ? null : before.email;
      return { account, left };
    },
  };
}

/** An account that is made for somebody: the first administrator, or whom an administrator lets in. */
export interface NewAccount {
  readonly username: string;
  /** Believed: whoever makes the account answers for it. */
  readonly email?: string;
  readonly roles: readonly string[];
  /** Default: a random one, which is in the answer and nowhere else. */
  readonly password?: string;
  /** Asked for a new one at the first sign-in. Default false. */
  readonly mustChangePassword?: boolean;
  /** Default: the user name. */
  readonly displayName?: string;
  /** The account is gone after this time, in milliseconds since the Unix epoch. Default: it stays. */
  readonly endsAt?: number;
}

export interface CreatedAccount {
  readonly id: string;
  readonly password: string;
}

/** @throws AEGIS_ACCOUNT_TAKEN */
export async function createAccount(
  parts: {
    readonly store: AccountStore;
    readonly hash: (password: string) => Promise<string>;
    readonly clock: Clock;
    readonly random: Random;
  },
  { username: typed, email, roles, password: given, mustChangePassword = false, ...more }: NewAccount,
): Promise<CreatedAccount> {
  const { store, clock, random } = parts;
  const now = clock.now();
  const username = normalUsername(typed);
  const password = given ?? `Aa7-${random.token(18)}`; // 144 bits, and of every class that a policy may ask for
  const account = {
    id: random.uuid(),
    username,
    email: email ?? null,
    emailVerifiedAt: email === undefined ? null : now,
    passwordHash: await parts.hash(password),
    passwordChangedAt: now,
    mustChangePassword,
    passwordNeedsMfa: false,
    registrationPending: false,
    displayName: more.displayName ?? username,
    aboutMe: "",
    roles,
    createdAt: now,
    disabledAt: null,
    deleteAfter: more.endsAt ?? null,
  };
  const result = await store.create(account, true);
  if (!result.created) throw accountError("AEGIS_ACCOUNT_TAKEN", { log: { taken: result.taken } });
  return { id: account.id, password };
}
