/** Registration and addresses, in the words of the domain. Collaborators from other rooms come as arguments. */
import type { FieldError } from "../errors.ts";
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
  /** A code for the address; undefined where it was sent one too recently. */
  readonly issueCode: (
    subject: string,
    data: Readonly<Record<string, string>>,
  ) => Promise<string | undefined>;
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
  ): Promise<{ readonly account: Account } | { readonly problems: readonly FieldError[] }>;
  /** Sends a code to the address, or tells its owner that it is taken: outside, both look the same. */
  sendCode(accountId: string, email: string, letters: AddressLetters): Promise<void>;
  /** Sends another code to an address that waits for one. */
  resendCode(email: string, letters: AddressLetters): Promise<void>;
  /** The account that now owns the address, and the verified one that it left for it; undefined for a wrong code. */
  verifyEmail(
    email: string,
    code: string,
  ): Promise<{ readonly account: Account; readonly left: string | null } | undefined>;
}

const ADDRESS_PROBLEM: FieldError = {
  field: "email",
  reason: "format",
  message: "Not an address that mail can be sent to.",
};

const subjectOf = (email: string): string => nameKey(email);
/** A new password ends what was begun under the old one: a thief's change of address must not outlive the reset. */
const asOf = ({ passwordChangedAt }: Account): string => String(passwordChangedAt);

export function accountService(policy: DeepReadonly<AccountPolicy>, parts: AccountParts): AccountService {
  const { store, clock, random } = parts;

  const sendCode = async (accountId: string, email: string, letters: AddressLetters): Promise<void> => {
    const owner = await store.findByLogin(email);
    if (owner !== undefined && owner.id !== accountId) {
      // Nobody gets to see this code: it is kept for the limits alone, or a stranger could fill the owner's mailbox.
      // The blank keeps it apart from every address.
      const due = await parts.issueCode(`taken ${subjectOf(email)}`, {});
      if (due !== undefined) letters.taken(email);
      return;
    }
    const account = await store.findById(accountId);
    if (account === undefined) return;
    const code = await parts.issueCode(subjectOf(email), { accountId, email, asOf: asOf(account) });
    if (code !== undefined) letters.code(email, code);
  };

  return {
    sendCode,
    async register({ username: typed, email = null, password }) {
      if (!policy.selfRegistration) throw accountError("AEGIS_ACCOUNT_REGISTRATION_CLOSED");
      const username = normalUsername(typed);
      const badName = usernameProblems(policy, username);
      const checked = await parts.checkPassword(password, { username, email });
      const badAddress = email === null || parts.isAddress(email) ? [] : [ADDRESS_PROBLEM];
      const problems = [...badName, ...badAddress, ...("problems" in checked ? checked.problems : [])];
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

    async resendCode(email, letters) {
      const waiting = await store.findUnverified(email);
      if (waiting !== undefined) await sendCode(waiting.id, email, letters);
    },

    async verifyEmail(email, code) {
      const data = await parts.redeemCode(subjectOf(email), code);
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
  { username: typed, email, roles, password: given, mustChangePassword = false }: NewAccount,
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
    displayName: username,
    aboutMe: "",
    roles,
    createdAt: now,
    disabledAt: null,
    deleteAfter: null,
  };
  const result = await store.create(account, true);
  if (!result.created) throw accountError("AEGIS_ACCOUNT_TAKEN", { log: { taken: result.taken } });
  return { id: account.id, password };
}
