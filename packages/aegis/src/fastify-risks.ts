/** LIST 2, continued: accounts at risk, from what other rooms keep. */
import type { FastifyInstance } from "fastify";
import type { Account } from "./account/store.ts";
import type { People } from "./fastify-people.ts";
import { isExpired } from "./password/age.ts";
import { riskRoutes } from "./risk/routes.ts";
import { FAILURES_SHOWN } from "./risk/risks.ts";

export function enforceRisks(app: FastifyInstance, people: People): void {
  const { policy, stores, throttle, clock } = people;
  const { requiredForRoles } = policy.mfa;
  const expireAfterMs = policy.password.expireAfterSeconds * 1000;
  /** An administrator is one, whatever roles the policy names. */
  const privileged = [...new Set(["admin", ...requiredForRoles])];

  riskRoutes(app, {
    now: () => clock.now(),
    candidates: async (limit) => {
      const [failing, flagged] = await Promise.all([
        throttle.failing(FAILURES_SHOWN, Math.ceil(limit / 2)),
        stores.accounts.listFlagged({
          roles: privileged,
          passwordChangedBefore: expireAfterMs === 0 ? null : clock.now() - expireAfterMs,
          limit,
        }),
      ]);
      const found = new Map<string, Account>();
      for (const { accountId } of failing) {
        const account = found.get(accountId) ?? (await stores.accounts.findById(accountId));
        if (account?.disabledAt === null && account.deleteAfter === null) found.set(accountId, account);
      }
      for (const account of flagged) found.set(account.id, account);
      return [...found.values()].slice(0, limit);
    },
    factsOf: async ({ id, roles }) => {
      const [account, hasSecondFactor, state] = await Promise.all([
        stores.accounts.findById(id),
        people.hasSecondFactor(id),
        throttle.worstOf(id),
      ]);
      return {
        isPrivileged: roles.some((role) => privileged.includes(role)),
        hasSecondFactor,
        mustChangePassword: account?.mustChangePassword ?? false,
        isPasswordExpired:
          account !== undefined && isExpired(policy.password, account.passwordChangedAt, clock.now()),
        isPasswordShort: account?.passwordNeedsMfa ?? false,
        failures: state?.failures ?? 0,
        waitsUntil: state !== undefined && state.nextAt > clock.now() ? state.nextAt : null,
      };
    },
  });
}
