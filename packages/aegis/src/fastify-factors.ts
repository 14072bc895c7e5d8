/** LIST 2, continued: second factors, passkeys, and what administrators may do about them. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { renderSVG } from "uqr";
import { accountError } from "./account/errors.ts";
import { adminRoutes } from "./account/admin-routes.ts";
import type { Account } from "./account/store.ts";
import { approvalRoutes } from "./approval/routes.ts";
import type { People } from "./fastify-people.ts";
import { enforceRisks } from "./fastify-risks.ts";
import { purposeKeys } from "./lib/secret-keys.ts";
import { mfaError } from "./mfa/errors.ts";
import { mfaRoutes } from "./mfa/routes.ts";
import type { MfaService } from "./mfa/service.ts";
import type { MfaChange } from "./mail/templates.ts";
import { countUse } from "./one-time/service.ts";
import { passkeyRoutes } from "./passkey/routes.ts";
import { passkeyService } from "./passkey/service.ts";
import { passwordExpiry } from "./password/age.ts";
import { sessionError } from "./session/errors.ts";
import { listView } from "./session/routes.ts";
import type { SignIns } from "./sign-in/enforce.ts";

/** Longer than any removal takes. */
const REMOVAL_SECONDS = 30;

export interface FactorsParts {
  readonly people: People;
  readonly mfa: MfaService;
  readonly signIns: SignIns<Account>;
}

export function enforceFactors(app: FastifyInstance, { people, mfa, signIns }: FactorsParts): void {
  const { policy, stores, clock, random } = people;
  const needsApproval = ({ roles }: Account): boolean =>
    roles.some((role) => policy.mfa.approvalForRoles.includes(role));
  const mustKeepOne = (account: Account): boolean => people.isRequired(account) || needsApproval(account);
  /**
   * The authenticator may go because there is a passkey, and the last passkey because there is an authenticator: of two
   * at the same moment each would take the other for the one that stays, and they are rows of different stores. So one
   * of them begins, and what comes within the time that it may take is refused.
   */
  const removeAlone = async (account: Account): Promise<void> => {
    if (!mustKeepOne(account)) return;
    const limits = { everySeconds: REMOVAL_SECONDS, perDay: 1000 };
    if (!(await countUse(stores.oneTime, "factor-removal", account.id, limits, clock.now())))
      throw mfaError("AEGIS_MFA_REMOVAL_WAITS");
  };
  /** Factors changed: every other session was opened under other rules, and the owner should know. */
  const factorsChanged = async (
    request: FastifyRequest,
    account: Account,
    change: MfaChange,
  ): Promise<void> => {
    people.tell(request, account, { kind: "mfa_changed", change, ...people.doing(request) });
    await people.endOthers(request, account, "mfa_changed");
  };
  const removeAllFactors = async (request: FastifyRequest, account: Account): Promise<void> => {
    await mfa.removeAll(account.id);
    await stores.passkeys.removeAll(account.id);
    await people.unlock(account.id);
    await stores.sessions.revokeAll(account.id, "mfa_changed");
    people.tell(request, account, {
      kind: "mfa_changed",
      change: "reset_by_admin",
      ...people.doing(request),
    });
    people.note(request, account, "mfa.reset");
  };

  const approvals = approvalRoutes(app, {
    store: stores.approvals,
    lifetimeSeconds: policy.mfa.approvalSeconds,
    clock,
    random,
    mayAsk: async (id) => {
      const asker = await stores.accounts.findById(id);
      return asker?.disabledAt === null && asker.deleteAfter === null && asker.roles.includes("admin");
    },
    nameOf: async (id) => (await stores.accounts.findById(id))?.username ?? "(deleted)",
    carryOut: async (request, { subjectId }) => {
      const account = await stores.accounts.findById(subjectId);
      if (account === undefined) throw accountError("AEGIS_ACCOUNT_NOT_FOUND");
      await removeAllFactors(request, account);
    },
    onDecided: (request, { subjectId, id }, approved) => {
      const event = approved ? "approval.approved" : "approval.rejected";
      people.audit(request, { event, outcome: "success", user_id: subjectId, facts: { approval: id } });
      people.later(request, async () => {
        const account = await stores.accounts.findById(subjectId);
        if (account !== undefined) people.tell(request, account, { kind: "mfa_removal_decided", approved });
      });
    },
  });
  const askApproval = async (request: FastifyRequest, account: Account): Promise<string | undefined> => {
    if (!needsApproval(account)) return undefined;
    const id = await approvals.ask("remove-mfa", account.id, request.principal.userId);
    people.note(request, account, "approval.requested", "success", { approval: id });
    return id;
  };

  mfaRoutes<Account>(app, {
    service: mfa,
    accountOf: people.accountOf,
    spend: (request, account, input) => {
      // What must wait was not looked at, and is not worth a row that a stranger could make thousands of.
      return people.guarded(request, account, "second-factor", async () => {
        const path = await mfa.spend(account.id, input);
        if (path === undefined) people.note(request, account, "mfa.code_refused", "failure");
        return path;
      });
    },
    demandPassword: people.demandPassword,
    finishStep: (request, reply, account, path) => signIns.advance(request, reply, account, path),
    proceed: (request, reply, account, shown) => signIns.proceed(request, reply, account, shown),
    hasSecondFactor: people.hasSecondFactor,
    countPasskeys: async (id) => (await stores.passkeys.listByAccount(id)).length,
    isRequired: people.isRequired,
    needsApproval,
    removeAlone,
    askApproval,
    qrSvg: (text) => renderSVG(text, { border: 4, ecc: "M" }),
    onEvent: async (request, account, event) => {
      people.note(request, account, event);
      if (event === "mfa.enabled") await factorsChanged(request, account, "totp_on");
      if (event === "mfa.disabled") await factorsChanged(request, account, "mfa_off");
      if (event === "mfa.backup_codes_renewed")
        await factorsChanged(request, account, "backup_codes_renewed");
    },
  });

  if (policy.mfa.passkeys) {
    const service = passkeyService({
      store: stores.passkeys,
      keys: purposeKeys(people.secrets, "passkey-challenge"),
      clock,
      random,
      spend: (hash, now, expiresAt) => stores.oneTime.spend("passkey-challenge", hash, now, expiresAt),
    });
    passkeyRoutes<Account>(app, {
      service,
      partyOf: (request) => ({ origin: people.originOf(request), name: people.product }),
      accountOf: people.accountOf,
      findById: async (id) => {
        const account = people.unlessDue(await stores.accounts.findById(id));
        return account?.disabledAt === null ? account : undefined;
      },
      advance: (request, reply, account, path, options) =>
        signIns.advance(request, reply, account, path, options),
      proceed: (request, reply, account, shown) => signIns.proceed(request, reply, account, shown),
      codesForFirstFactor: async ({ id }) => {
        const { total } = await mfa.countBackupCodes(id);
        return total === 0 ? mfa.renewBackupCodes(id) : undefined;
      },
      remove: async (account, id) => {
        const { passkeys } = stores;
        if (mustKeepOne(account)) {
          if (await passkeys.removeUnlessLast(account.id, id)) return;
          const demandTotp = async (): Promise<void> => {
            if (!(await mfa.hasTotp(account.id))) throw mfaError("AEGIS_MFA_REQUIRED");
          };
          await demandTotp(); // who is refused anyway need not wait before the next try
          await removeAlone(account);
          await demandTotp();
          return void (await passkeys.remove(account.id, id));
        }
        await passkeys.remove(account.id, id);
        if (await mfa.hasTotp(account.id)) return;
        // Backup codes stand in for a factor: where there is none left, they go.
        if ((await passkeys.listByAccount(account.id)).length === 0) await mfa.removeAll(account.id);
      },
      onEvent: async (request, account, event) => {
        people.note(request, account, event);
        await factorsChanged(
          request,
          account,
          event === "passkey.added" ? "passkey_added" : "passkey_removed",
        );
      },
      onRefused: (request, error) => {
        request.log.info(
          { reason: error instanceof Error ? error.message : String(error) },
          "passkey refused",
        );
        people.audit(request, { event: "passkey.refused", outcome: "failure" });
      },
    });
  }

  enforceRisks(app, people);
  adminRoutes(app, policy.account, {
    store: stores.accounts,
    now: () => clock.now(),
    factsOf: async (account) => {
      const state = await people.throttle.stateOf(account.id);
      const waits = state !== undefined && state.nextAt > clock.now();
      return {
        mfaEnabled: await people.hasSecondFactor(account.id),
        failures: state?.failures ?? 0,
        lockedUntil: waits ? state.nextAt : null,
        passwordExpiresAt: passwordExpiry(policy.password, account.passwordChangedAt) ?? null,
      };
    },
    listSessions: async (id) =>
      (await stores.sessions.listByUser(id, clock.now())).map((record) => listView(record)),
    endSession: (id, sessionId) => stores.sessions.revoke(id, sessionId, "admin"),
    sessionNotFound: () => sessionError("AEGIS_SESSION_NOT_FOUND"),
    listEvents: people.listEvents,
    unlock: (id) => people.unlock(id),
    endSessions: (id, reason) => stores.sessions.revokeAll(id, reason),
    resetMfa: async (request, account) => {
      const approvalId = await askApproval(request, account);
      if (approvalId === undefined) await removeAllFactors(request, account);
      return approvalId;
    },
    onAction: (request, account, event) => {
      people.note(request, account, event, "success", { by: request.principal.userId });
      if (event === "account.unlocked") people.tell(request, account, { kind: "account_unlocked" });
    },
  });
}
