import type { FastifyInstance, FastifyRequest } from "fastify";
import type Type from "typebox";
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import { accountSchemas } from "./schemas.ts";
import type { AccountService, AddressLetters, Registration } from "./service.ts";
import type { Account, AccountStore } from "./store.ts";
import { profileView, userView } from "./views.ts";

export interface AccountRoutesWiring {
  readonly service: AccountService;
  readonly store: AccountStore;
  readonly accountOf: (request: FastifyRequest) => Promise<Account>;
  /** Where whoever registers may name a tenant: the one that takes them, and how they come in. */
  readonly tenants?: {
    readonly find: (name: string) => Promise<{ readonly id: string; readonly name: string } | undefined>;
    /** False where there is no room. */
    readonly join: (tenantId: string, account: Account, request: FastifyRequest) => Promise<boolean>;
  };
  readonly invalid: (errors: readonly FieldError[]) => Error;
  readonly signInRequired: () => Error;
  /** False where no mail can be sent: then there are no codes. */
  readonly sendsMail: boolean;
  /** Does something after the answer, so that its time does not tell whether there was anything to do. */
  readonly later: (request: FastifyRequest, work: () => Promise<void>) => void;
  readonly letters: (request: FastifyRequest) => AddressLetters;
  /** The account has left a verified address for another: whoever reads the old one must know, and can do no more. */
  readonly onMoved: (request: FastifyRequest, account: Account, left: string) => Promise<void>;
  readonly onEvent: (request: FastifyRequest, event: AccountRouteEvent) => void;
}

export type AccountRouteEvent =
  | {
      readonly name:
        | "account.registered"
        | "account.profile_changed"
        | "account.email_verified"
        | "account.email_changed";
      readonly account: Account;
    }
  | { readonly name: "account.registration_refused"; readonly because: string };

type Body<S extends keyof ReturnType<typeof accountSchemas>> = {
  Body: Type.Static<ReturnType<typeof accountSchemas>[S]>;
};

/** One that is not there and one that is closed to strangers answer alike: nobody reads a list of customers off this. */
const TENANT_PROBLEM: FieldError = {
  field: "tenant",
  reason: "closed",
  message: "No tenant of this name takes registrations. Ask it for an invitation, and leave this empty.",
};

/** The HTTP surface of accounts (ACC-1, ACC-4): register, verify an address, profile. */
export function accountRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<AccountPolicy>,
  wiring: AccountRoutesWiring,
): void {
  const { service, store, onEvent, later, tenants } = wiring;
  const schemas = accountSchemas(policy, tenants !== undefined);
  const open = { access: "public", csrf: "origin-only", session: "none" } as const;
  const verifies = wiring.sendsMail && policy.emailVerification !== "off";

  app.post<{ Body: Registration & { readonly tenant?: string } }>("/api/register", {
    config: { ...open, limit: "register" },
    schema: { body: schemas.register },
    handler: async (request, reply) => {
      const { tenant: named, ...registration } = request.body;
      const tenant = named === undefined ? undefined : await tenants?.find(named);
      const isRefused = named !== undefined && tenant === undefined;
      const result = await service.register(registration, isRefused ? [TENANT_PROBLEM] : []);
      if ("problems" in result) {
        onEvent(request, { name: "account.registration_refused", because: "rules" });
        throw wiring.invalid(result.problems);
      }
      const { account } = result;
      onEvent(request, { name: "account.registered", account });
      const isIn = tenant !== undefined && (await tenants?.join(tenant.id, account, request)) === true;
      const { email } = account;
      if (email !== null && verifies)
        later(request, () => service.sendCode(account.id, email, wiring.letters(request)));
      return reply.code(201).send({
        status: "registered",
        verification: email !== null && verifies ? "sent" : "none",
        user: userView(account),
        ...(named === undefined ? {} : { tenant: isIn ? { id: tenant.id, name: tenant.name } : null }),
      });
    },
  });

  if (verifies) {
    app.post<Body<"verify">>("/api/register/verify", {
      config: { ...open, limit: "verifyEmail" },
      schema: { body: schemas.verify },
      handler: async (request) => {
        const { username, email, code } = request.body;
        const verified = await service.verifyEmail(username, email, code);
        if (verified === undefined) throw accountError("AEGIS_ACCOUNT_CODE_REFUSED");
        const { account, left } = verified;
        if (left !== null) await wiring.onMoved(request, account, left);
        const name = left === null ? "account.email_verified" : "account.email_changed";
        onEvent(request, { name, account });
        return { status: "verified" };
      },
    });

    app.post<Body<"resend">>("/api/register/resend", {
      config: { ...open, limit: "verifyEmail" },
      schema: { body: schemas.resend },
      handler: async (request, reply) => {
        const { username, email } = request.body;
        later(request, () => service.resendCode(username, email, wiring.letters(request)));
        return reply
          .code(202)
          .send({ status: "sent_if_due", wait_seconds: policy.verificationResendSeconds });
      },
    });

    app.post<Body<"email">>("/api/account/email", {
      config: { access: "authenticated", maxAuthAgeSeconds: "policy", limit: ["verifyEmail", "global"] },
      schema: { body: schemas.email },
      handler: async (request, reply) => {
        const account = await wiring.accountOf(request);
        await service.demandChange(account.id);
        later(request, () => service.sendCode(account.id, request.body.email, wiring.letters(request)));
        return reply.code(202).send({ status: "sent", wait_seconds: policy.verificationResendSeconds });
      },
    });
  }

  app.get("/api/profile", {
    config: {
      access: "authenticated",
      probe: true,
      credentials: ["session", "token", "api-key"],
      scopes: ["profile:read"],
    },
    handler: async (request) => profileView(await wiring.accountOf(request)),
  });

  app.post<Body<"profile">>("/api/profile", {
    config: { access: "authenticated", credentials: ["session", "token"], scopes: ["profile:write"] },
    schema: { body: schemas.profile },
    handler: async (request) => {
      const { display_name: displayName, about_me: aboutMe } = request.body;
      const account = await store.updateProfile(request.principal.userId, { displayName, aboutMe });
      if (account === undefined) throw wiring.signInRequired();
      onEvent(request, { name: "account.profile_changed", account });
      return profileView(account);
    },
  });
}
