/** What the rooms about people share: who asks, what they must show, whom to tell. Used by LIST 2 alone. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { accessError } from "./access/errors.ts";
import type { Account } from "./account/store.ts";
import type { Audit } from "./audit/auditor.ts";
import type { AuditEventName } from "./audit/events.ts";
import { deviceService } from "./device/service.ts";
import { deriveKey } from "./lib/bytes.ts";
import { background } from "./lib/background.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { SecretKeys } from "./lib/secret-keys.ts";
import { type MailTransport } from "./mail/mailer.ts";
import { mailQueue } from "./mail/queue.ts";
import { composeMail, type Letter } from "./mail/templates.ts";
import type { AegisStores } from "./memory-stores.ts";
import { type PasswordHasher } from "./hashing/hash.ts";
import type { Policy } from "./policy.ts";
import type { SessionFacts } from "./request.ts";
import { deviceName } from "./session/device.ts";
import type { RevocationReason } from "./session/store.ts";
import { throttleError } from "./throttle/errors.ts";
import { type ThrottleKind, throttleService } from "./throttle/service.ts";

export interface PeopleParts {
  readonly policy: Policy;
  readonly secrets: SecretKeys;
  readonly stores: AegisStores;
  readonly mail: MailTransport | undefined;
  readonly publicOrigin: string | undefined;
  readonly product: string;
  readonly hasher: PasswordHasher;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export type People = ReturnType<typeof people>;

export function people(app: FastifyInstance, parts: PeopleParts) {
  const { policy, secrets, stores, clock, random, publicOrigin, product } = parts;
  const signInRequired = () => accessError("AEGIS_ACCESS_SIGN_IN_REQUIRED");
  const tasks = background((error) => app.log.error({ err: error }, "work after an answer failed"));
  const lanes = deriveKey(secrets.eldest(), "throttle");
  const throttle = throttleService(policy.throttle, stores.throttle, lanes, clock);
  const { hostPrefix, secure } = policy.session.cookie;
  const devices = deviceService(
    {
      knownSeconds: policy.throttle.knownDeviceSeconds,
      cookieName: hostPrefix ? "__Host-device" : "device",
      secure,
    },
    stores.devices,
    clock,
    random,
  );

  const originOf = (request: FastifyRequest): string =>
    publicOrigin ?? `${request.protocol}://${request.host}`;
  const mailer =
    parts.mail === undefined
      ? undefined
      : mailQueue(parts.mail, {
          onFailure: (kind, error) => {
            app.log.error({ err: error, kind }, "a mail was not sent");
            parts.audit(undefined, { event: "mail.failed", outcome: "failure", facts: { kind } });
          },
        });
  const send = (request: FastifyRequest, to: string, letter: Letter): void =>
    mailer?.post({ to, ...composeMail(letter, { product, origin: originOf(request) }) }, letter.kind);

  /** Events of one account are for its owner to see, too. */
  const note = (
    request: FastifyRequest,
    account: Pick<Account, "id" | "username">,
    event: AuditEventName,
    outcome: "success" | "failure" = "success",
    facts?: Readonly<Record<string, string | number | boolean>>,
  ): void => {
    parts.audit(request, {
      event,
      outcome,
      user_id: account.id,
      username: account.username,
      ...(request.session === null || request.session === undefined
        ? {}
        : { session_id: request.session.id }),
      ...(facts === undefined ? {} : { facts }),
    });
    const seen = {
      accountId: account.id,
      event,
      outcome,
      at: clock.now(),
      ip: request.ip,
      device: deviceName(request.headers["user-agent"] ?? ""),
    };
    tasks.run(() => stores.events.append(seen));
  };

  const doing = (request: FastifyRequest) => ({
    at: clock.now(),
    ip: request.ip,
    device: deviceName(request.headers["user-agent"] ?? ""),
  });

  /** An address that nobody verified is sent its code and nothing else: it may be a stranger's. */
  const tell = (
    request: FastifyRequest,
    { email, emailVerifiedAt }: Pick<Account, "email" | "emailVerifiedAt">,
    letter: Letter,
  ): void => {
    if (email === null) return;
    if (emailVerifiedAt !== null || policy.account.emailVerification === "off") send(request, email, letter);
  };

  /** A proof that may be guessed at, under the throttle: undefined for any refusal, and none tells which. */
  const guarded = async <T>(
    request: FastifyRequest,
    account: Account,
    kind: ThrottleKind,
    check: () => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const device = await devices.find(account.id, request.headers.cookie);
    const attempt = await throttle.attempt(kind, { accountId: account.id, device, roles: account.roles });
    if (attempt.tellOwner) tellOfFailures(request, account);
    const result = attempt.allowed ? await check() : undefined;
    if (result !== undefined) await attempt.succeeded();
    return result;
  };
  const tellOfFailures = (request: FastifyRequest, account: Account): void => {
    note(request, account, "throttle.owner_told");
    tell(request, account, { kind: "sign_in_blocked", at: clock.now() });
  };

  app.addHook("onClose", async () => {
    await tasks.settled();
    await mailer?.close();
  });

  return {
    ...parts,
    signInRequired,
    throttle,
    devices,
    /** Lifts the waits. Known devices go too: each has a lane of its own, and one of them may be a thief's. */
    unlock: async (accountId: string, kinds?: readonly ThrottleKind[]): Promise<void> => {
      await stores.devices.forgetAll(accountId);
      await throttle.unlock(accountId, kinds);
    },
    originOf,
    send,
    tell,
    note,
    doing,
    guarded,
    tellOfFailures,
    sendsMail: mailer !== undefined,
    settled: async () => {
      await tasks.settled();
      await mailer?.settled();
    },
    later: (_request: FastifyRequest, work: () => Promise<void>) => tasks.run(work),

    accountOf: async (request: FastifyRequest): Promise<Account> => {
      const account = await stores.accounts.findById(request.principal.userId);
      if (account === undefined) throw signInRequired(); // deleted while signed in
      return account;
    },

    sessionOf: (request: FastifyRequest): SessionFacts => {
      if (request.session === null) throw signInRequired();
      return request.session;
    },

    /** Due for deletion: gone from now on, by whatever way somebody comes, and whenever the sweep comes by. */
    unlessDue: (account: Account | undefined): Account | undefined =>
      account?.deleteAfter != null && account.deleteAfter <= clock.now() ? undefined : account,

    listEvents: async (accountId: string, limit: number) =>
      (await stores.events.listByAccount(accountId, limit)).map(({ event, outcome, at, ip, device }) => ({
        event,
        outcome,
        at: new Date(at).toISOString(),
        ip,
        device,
      })),

    hasSecondFactor: async (accountId: string): Promise<boolean> => {
      const [totp, passkeys] = await Promise.all([
        stores.factors.totp(accountId),
        stores.passkeys.listByAccount(accountId),
      ]);
      return (totp?.enabledAt ?? null) !== null || passkeys.length > 0;
    },

    isRequired: ({ roles }: Pick<Account, "roles">): boolean =>
      roles.some((role) => policy.mfa.requiredForRoles.includes(role)),

    /** @throws AEGIS_THROTTLE_PROOF_FAILED for a wrong password, and for one that must wait */
    demandPassword: async (request: FastifyRequest, account: Account, password: string): Promise<void> => {
      const ok = await guarded(request, account, "confirm", async () =>
        (await parts.hasher.verify(password, account.passwordHash)).ok ? true : undefined,
      );
      if (ok === undefined) throw throttleError("AEGIS_THROTTLE_PROOF_FAILED");
    },

    /** Ends the account's sessions but the request's own, and tells the owner if there were any. */
    endOthers: async (
      request: FastifyRequest,
      account: Account,
      reason: RevocationReason,
    ): Promise<number> => {
      const count = await stores.sessions.revokeAll(account.id, reason, request.session?.id);
      if (count > 0)
        parts.audit(request, {
          event: "session.ended",
          outcome: "success",
          user_id: account.id,
          facts: { reason, count },
        });
      return count;
    },
  };
}

/** Links in mails must lead to us, whatever Host header a request came with. */
export function demandMail({
  policy,
  mail,
  publicOrigin,
}: {
  readonly policy: Policy;
  readonly mail?: MailTransport;
  readonly publicOrigin?: string;
}): MailTransport | undefined {
  if (mail === undefined && policy.account.emailVerification !== "off")
    throw new Error(
      `account.emailVerification is "${policy.account.emailVerification}", but no mail can be sent: wire \`mail\` (aegis/mail), or set it to "off".`,
    );
  if (mail !== undefined && publicOrigin === undefined && policy.environment === "production")
    throw new Error(
      "Mail in production needs publicOrigin: links may not be made of a request's Host header.",
    );
  return mail;
}
