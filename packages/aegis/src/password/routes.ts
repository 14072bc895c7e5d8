import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { daysUntilExpiry, isExpired, minLengthFor, passwordExpiry } from "./age.ts";
import { passwordError } from "./errors.ts";
import type { PasswordPolicy } from "./policy.ts";
import type { PasswordOwner, PasswordService } from "./service.ts";

interface Owner extends PasswordOwner {
  readonly passwordChangedAt: number;
  readonly mustChangePassword: boolean;
  readonly passwordNeedsMfa: boolean;
}

export interface PasswordRoutesWiring<A extends Owner> {
  readonly service: PasswordService;
  readonly now: () => number;
  readonly accountOf: (request: FastifyRequest) => Promise<A>;
  readonly hasSecondFactor: (accountId: string) => Promise<boolean>;
  /** Compares the password under the throttle. @throws when it is wrong */
  readonly demandPassword: (request: FastifyRequest, account: A, password: string) => Promise<void>;
  readonly invalid: (errors: readonly FieldError[]) => Error;
  /** Ends every other session, tells the owner; how many it ended. */
  readonly onChanged: (request: FastifyRequest, account: A) => Promise<number>;
  readonly proceed: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    shown: string,
  ) => Promise<Readonly<Record<string, unknown>>>;
}

const password = Type.String({ minLength: 1, maxLength: 4096 });
const schema = {
  body: Type.Object({ current_password: password, new_password: password }, { additionalProperties: false }),
};

/** The HTTP surface of one's own password (PWD-4): its age, and its change. */
export function passwordRoutes<A extends Owner>(
  app: FastifyInstance,
  policy: DeepReadonly<PasswordPolicy>,
  wiring: PasswordRoutesWiring<A>,
): void {
  app.get("/api/auth/password", {
    config: { access: "authenticated", session: "passive", stages: ["password-change"] },
    handler: async (request) => {
      const account = await wiring.accountOf(request);
      const { passwordChangedAt: changedAt } = account;
      const now = wiring.now();
      const expiry = passwordExpiry(policy, changedAt);
      const hasSecondFactor = await wiring.hasSecondFactor(account.id);
      return {
        changed_at: new Date(changedAt).toISOString(),
        expires_at: expiry === undefined ? null : new Date(expiry).toISOString(),
        days_until_expiry: daysUntilExpiry(policy, changedAt, now) ?? null,
        min_length: minLengthFor(policy, hasSecondFactor),
        must_change:
          account.mustChangePassword ||
          isExpired(policy, changedAt, now) ||
          (account.passwordNeedsMfa && !hasSecondFactor),
      };
    },
  });

  app.post<{ Body: Type.Static<typeof schema.body> }>("/api/auth/password/change", {
    config: { access: "authenticated", stages: ["password-change"] },
    schema,
    handler: async (request, reply) => {
      const account = await wiring.accountOf(request);
      const { current_password: current, new_password: next } = request.body;
      await wiring.demandPassword(request, account, current);
      const hasSecondFactor = await wiring.hasSecondFactor(account.id);
      const result = await wiring.service.change(account, next, hasSecondFactor, "new_password");
      if ("problems" in result) throw wiring.invalid(result.problems);
      if (!result.changed) throw passwordError("AEGIS_PASSWORD_CHANGED_MEANWHILE");
      const answer = await wiring.proceed(request, reply, await wiring.accountOf(request), "password");
      return { status: "changed", sessions_ended: await wiring.onChanged(request, account), ...answer };
    },
  });
}
