/** LIST 2, continued: the rooms about people, each with what it needs of the others. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { accountError } from "./account/errors.ts";
import { accountRoutes } from "./account/routes.ts";
import { selfServiceRoutes } from "./account/self-routes.ts";
import { accountService } from "./account/service.ts";
import type { Account } from "./account/store.ts";
import { userView } from "./account/views.ts";
import type { FieldError } from "./errors.ts";
import type { PersonalData } from "./account/self-routes.ts";
import type { People } from "./fastify-people.ts";
import { confirms, factorsOf } from "./fastify-proof.ts";
import { deriveKey, hmac } from "./lib/bytes.ts";
import { purposeKeys } from "./lib/secret-keys.ts";
import { isProbe } from "./lib/pace.ts";
import { isMailAddress } from "./mail/address.ts";
import type { MfaService } from "./mfa/service.ts";
import { isExpired } from "./password/age.ts";
import { passwordRoutes } from "./password/routes.ts";
import { passwordService } from "./password/service.ts";
import { recoveryRoutes } from "./recovery/routes.ts";
import { oneTimeSecrets } from "./one-time/service.ts";
import type { SessionFacts } from "./request.ts";
import type { RequestSessions } from "./session/enforce.ts";
import { sessionView } from "./session/routes.ts";
import { registersIn } from "./fastify-tenants.ts";
import { enforceSignIn, type Needs, type SignIns } from "./sign-in/enforce.ts";
import type { SignInPaths } from "./sign-in/paths.ts";
import { signInRoutes } from "./sign-in/routes.ts";
import { passwordCheck } from "./sign-in/service.ts";
import type { TenancyService } from "./tenancy/service.ts";
import { throttleError } from "./throttle/errors.ts";
import { PASSWORD_KINDS } from "./throttle/service.ts";

export interface AccountsParts {
  readonly people: People;
  readonly sessions: RequestSessions;
  readonly mfa: MfaService;
  readonly paths: SignInPaths;
  readonly tenants: TenancyService;
  /** How often a password is known from breaches, where that is too often. */
  readonly breached: (password: string) => Promise<number | undefined>;
  readonly invalid: (errors: readonly FieldError[]) => Error;
  readonly collect: (account: Account) => Promise<PersonalData>;
}

/** Whether a code may be made was asked before (`mayWrite`). */
const UNLIMITED = { everySeconds: 0, perDay: 1_000_000 } as const;

export function enforceAccounts(app: FastifyInstance, parts: AccountsParts): SignIns<Account> {
  const { people, sessions, mfa, paths, invalid } = parts;
  const { policy, stores, clock, random, hasher, throttle, devices } = people;
  const { accounts } = stores;

  const needsWith = (account: Account, usedPassword: boolean, hasSecondFactor: boolean): Needs => ({
    hasSecondFactor,
    secondFactorRequired: people.isRequired(account) && !isProbe(account.roles), // it protects rights, and these have none
    passwordMustChange:
      usedPassword &&
      !isProbe(account.roles) &&
      (account.mustChangePassword ||
        isExpired(policy.password, account.passwordChangedAt, clock.now()) ||
        (account.passwordNeedsMfa && !hasSecondFactor)),
  });

  /** Of a probe account, whose sessions end with it. */
  const secondsLeft = async (id: string): Promise<number> => {
    const account = people.unlessDue(await accounts.findById(id));
    return Math.max(0, ((account?.deleteAfter ?? 0) - clock.now()) / 1000);
  };
  const signIns = enforceSignIn<Account>(app, {
    paths,
    unfinishedSeconds: policy.mfa.unfinishedSeconds,
    start: async (request, reply, subject, facts, stands) => {
      const tenantId = await parts.tenants.startsIn(subject.userId);
      const within = isProbe(subject.roles) ? await secondsLeft(subject.userId) : undefined;
      const bounded = within === undefined ? facts : { ...facts, withinSeconds: within };
      return sessions.signIn(request, reply, { ...subject, tenantId }, bounded, stands);
    },
    prove: sessions.prove,
    needsOf: async (account, usedPassword) =>
      needsWith(account, usedPassword, await people.hasSecondFactor(account.id)),
    needsNow: async ({ id, passwordChangedAt }, usedPassword) => {
      const [now, hasSecondFactor] = await Promise.all([accounts.findById(id), people.hasSecondFactor(id)]);
      return now?.disabledAt === null && now.passwordChangedAt === passwordChangedAt
        ? needsWith(now, usedPassword, hasSecondFactor)
        : undefined;
    },
    factorsOf: (account) => factorsOf(people, mfa, account),
    onStep: (request, account, path, stage) => {
      if (stage !== "complete")
        people.note(request, account, "session.step_done", "success", { path, stage });
    },
    onComplete: (request, reply, account, session, isSignIn) =>
      welcome(people, { request, reply, account, session, isSignIn }),
  });

  const secrets = oneTimeSecrets(stores.oneTime, purposeKeys(people.secrets, "one-time"), clock, random);
  const passwords = passwordService(policy.password, {
    hash: (password) => hasher.hash(password),
    verify: (password, hash) => hasher.verify(password, hash),
    breached: parts.breached,
    history: (id, limit) => accounts.passwordHistory(id, limit),
    change: (id, from, to) => accounts.changePassword(id, from, to),
    product: people.product,
    clock,
  });

  signInRoutes<Account>(app, {
    signIns,
    check: passwordCheck<Account>({
      findByLogin: async (login) => people.unlessDue(await accounts.findByLogin(login)),
      findDevice: (id, cookie) => devices.find(id, cookie),
      attempt: (who) => throttle.attempt("sign-in", who),
      verify: (password, hash) => hasher.verify(password, hash),
      verifyNothing: (password) => hasher.verifyNothing(password),
      rehash: async (account, password) =>
        accounts.replacePasswordHash(account.id, account.passwordHash, await hasher.hash(password)),
    }),
    demandReady: (account) => {
      // Who has no address at all was let in by somebody who answers for it (createAccount).
      const waits = account.email !== null && account.emailVerifiedAt === null;
      if (policy.account.emailVerification === "required" && waits)
        throw accountError("AEGIS_ACCOUNT_UNVERIFIED");
    },
    accountOf: people.accountOf,
    confirm: (request, account, proof) => confirms(people, mfa, request, account, proof),
    renewProof: async (request, reply, proof) => {
      const { methods, aal } = people.sessionOf(request);
      const renewed = await sessions.prove(request, reply, { aal, methods });
      people.note(request, await people.accountOf(request), "session.confirmed", "success", {
        by: Object.keys(proof).join(","),
      });
      return sessionView(renewed);
    },
    refuseProof: () => throttleError("AEGIS_THROTTLE_PROOF_FAILED"),
    onFailure: (request, { because, account, tellOwner }) => {
      if (account === undefined) {
        people.audit(request, { event: "session.sign_in_failed", outcome: "failure", facts: { because } });
        return;
      }
      // What must wait was not looked at, and is not worth a row that a stranger could make thousands of.
      if (because === "must_wait")
        people.audit(request, { event: "throttle.delayed", outcome: "failure", user_id: account.id });
      else people.note(request, account, "session.sign_in_failed", "failure", { because });
      if (tellOwner) people.tellOfFailures(request, account);
    },
    onRehash: (request, account) => people.note(request, account, "password.rehashed"),
  });

  passwordRoutes<Account>(app, policy.password, {
    service: passwords,
    now: () => clock.now(),
    accountOf: people.accountOf,
    hasSecondFactor: people.hasSecondFactor,
    demandPassword: people.demandPassword,
    invalid,
    onChanged: async (request, account) => {
      await stores.oneTime.revoke("reset-password", account.id); // a link from before may be in other hands
      people.note(request, account, "password.changed");
      people.tell(request, account, { kind: "password_changed", ...people.doing(request) });
      return people.endOthers(request, account, "password_changed");
    },
    proceed: (request, reply, account, shown) => signIns.proceed(request, reply, account, shown),
  });

  const lotKey = deriveKey(people.secrets.eldest(), "lot");
  const service = accountService(policy.account, {
    store: accounts,
    checkPassword: (password, who) => passwords.forNewAccount(password, who),
    isAddress: isMailAddress,
    issueCode: (subject, data) =>
      secrets.issueCode({
        purpose: "verify-email",
        subject,
        data,
        lifetimeSeconds: policy.account.verificationCodeSeconds,
        ...UNLIMITED,
        attemptLimit: policy.account.verificationAttemptLimit,
      }),
    mayWrite: (subject, everySeconds, perDay) => secrets.mayWrite(subject, { everySeconds, perDay }),
    lot: (text) => Buffer.from(hmac(lotKey, text), "base64url").readUInt32BE(0) / 2 ** 32,
    redeemCode: (subject, code) => secrets.redeemCode("verify-email", subject, code),
    clock,
    random,
  });
  const minutes = (seconds: number): number => Math.ceil(seconds / 60);
  accountRoutes(app, policy.account, {
    service,
    store: accounts,
    accountOf: people.accountOf,
    ...(policy.tenancy.enabled ? { tenants: registersIn(people, parts.tenants) } : {}),
    invalid,
    signInRequired: people.signInRequired,
    sendsMail: people.sendsMail,
    later: people.later,
    letters: (request) => ({
      code: (to, code) =>
        people.send(request, to, {
          kind: "verify_code",
          code,
          minutes: minutes(policy.account.verificationCodeSeconds),
        }),
      taken: (to) => people.send(request, to, { kind: "address_taken" }),
    }),
    onMoved: async (request, account, left) => {
      await stores.oneTime.revoke("reset-password", account.id);
      people.send(request, left, { kind: "email_changed", ...people.doing(request) });
    },
    onEvent: (request, event) => {
      if ("account" in event) people.note(request, event.account, event.name);
      else
        people.audit(request, { event: event.name, outcome: "failure", facts: { because: event.because } });
    },
  });

  if (people.sendsMail)
    recoveryRoutes<Account>(app, policy.recovery, {
      findByLogin: async (login) => people.unlessDue(await accounts.findByLogin(login)),
      findById: async (id) => people.unlessDue(await accounts.findById(id)),
      issueToken: (order) => secrets.issueToken(order),
      ownerOf: (purpose, token) => secrets.ownerOf(purpose, token),
      redeem: (purpose, subject, token) => secrets.redeemToken(purpose, subject, token),
      problemsOf: async (account, password) =>
        passwords.problemsOf(account, password, await people.hasSecondFactor(account.id), "new_password"),
      mayTry: (purpose, token) => secrets.mayTry(purpose, token),
      usedBefore: (account, password) => passwords.usedBefore(account, password, "new_password"),
      setPassword: (account, password) => passwords.replace(account, password),
      sendLink: (request, account, token) =>
        people.tell(request, account, {
          kind: "reset_link",
          // Behind the "#": browsers keep that to themselves, so that no log of ours or of a proxy gets to hold it.
          url: `${people.originOf(request)}/reset#token=${token}`,
          minutes: minutes(policy.recovery.linkSeconds),
        }),
      onReset: async (request, account) => {
        // Not the second factor's: whoever reads the mail would have new guesses at it with every link.
        await people.unlock(account.id, PASSWORD_KINDS);
        await stores.sessions.revokeAll(account.id, "password_changed");
        // Whoever reads the mail owns the address: it counts as verified.
        if (account.email !== null) await accounts.linkEmail(account.id, account.email, clock.now());
        people.note(request, account, "password.reset");
        people.tell(request, account, { kind: "password_reset", ...people.doing(request) });
      },
      onRequested: (request, account) => people.note(request, account, "password.reset_requested"),
      invalid,
      later: people.later,
    });

  selfServiceRoutes(app, policy.account, {
    store: accounts,
    accountOf: people.accountOf,
    now: () => clock.now(),
    listEvents: people.listEvents,
    collect: parts.collect,
    onDeletion: async (request, account, deleteAfter) => {
      await stores.sessions.revokeAll(account.id, "account_deleted");
      people.note(request, account, "account.deletion_scheduled");
      people.tell(request, account, { kind: "deletion_scheduled", deleteAfter });
    },
    onExport: (request, account) => people.note(request, account, "account.exported"),
  });
  return signIns;
}

interface Arrival {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly account: Account;
  readonly session: SessionFacts;
  readonly isSignIn: boolean;
}

/** A sign-in is complete: the browser is known from now on, the owner hears of a new one, a deletion is off. */
async function welcome(
  people: People,
  { request, reply, account, session, isSignIn }: Arrival,
): Promise<Readonly<Record<string, unknown>>> {
  const { stores, policy } = people;
  const { setCookie, isNew } = await people.devices.greet(account.id, request.headers.cookie);
  if (setCookie !== undefined) reply.header("set-cookie", setCookie);
  const cancelled = account.deleteAfter !== null && !isProbe(account.roles); // a probe account ends, used or not
  if (cancelled) {
    await stores.accounts.mark(account.id, { deleteAfter: null });
    people.note(request, account, "account.deletion_cancelled");
    people.tell(request, account, { kind: "deletion_cancelled" });
  }
  if (isSignIn)
    people.note(request, account, "session.signed_in", "success", { methods: session.methods.join(",") });
  if (isNew && policy.throttle.knownDeviceSeconds > 0)
    people.tell(request, account, { kind: "new_device", ...people.doing(request) });
  return {
    user: userView(account),
    session: sessionView(session),
    deletion_cancelled: cancelled,
    new_device: isNew,
  };
}
