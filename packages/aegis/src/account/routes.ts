import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type Type from "typebox";
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Principal, SessionFacts } from "../request.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import { accountSchemas } from "./schemas.ts";
import type { AccountService } from "./service.ts";
import type { Account, AccountStore } from "./store.ts";

export interface AccountRoutesWiring {
  readonly service: AccountService;
  readonly store: AccountStore;
  readonly signIn: (
    request: FastifyRequest,
    reply: FastifyReply,
    subject: Principal,
    rememberMe: boolean,
  ) => Promise<SessionFacts>;
  readonly sessionView: (session: SessionFacts) => Readonly<Record<string, unknown>>;
  readonly invalid: (errors: readonly FieldError[]) => Error;
  readonly signInRequired: () => Error;
  readonly onEvent: (request: FastifyRequest, event: AccountEvent) => void;
}

export type AccountEvent =
  | {
      readonly name: "account.registered" | "account.profile_changed" | "password.rehashed";
      readonly account: Account;
    }
  | { readonly name: "account.registration_refused"; readonly username: string; readonly because: string }
  | { readonly name: "session.signed_in"; readonly account: Account; readonly sessionId: string }
  | { readonly name: "session.sign_in_failed"; readonly username: string; readonly because: string };

type Body<S extends keyof ReturnType<typeof accountSchemas>> = Type.Static<
  ReturnType<typeof accountSchemas>[S]
>;

/** The HTTP surface of accounts (ACC-1): register, sign in, profile. */
export function accountRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<AccountPolicy>,
  wiring: AccountRoutesWiring,
): void {
  const { service, store, onEvent } = wiring;
  const schemas = accountSchemas(policy);
  const open = { access: "public", csrf: "origin-only" } as const;

  app.post<{ Body: Body<"register"> }>("/api/register", {
    config: { ...open, session: "none" },
    schema: { body: schemas.register },
    handler: async (request, reply) => {
      const result = await service.register(request.body);
      if ("problems" in result) {
        onEvent(request, {
          name: "account.registration_refused",
          username: request.body.username,
          because: "password",
        });
        throw wiring.invalid(result.problems);
      }
      onEvent(request, { name: "account.registered", account: result.account });
      return reply.code(201).send({ user: userView(result.account) });
    },
  });

  app.post<{ Body: Body<"login"> }>("/api/login", {
    config: { ...open, session: "passive" },
    schema: { body: schemas.login },
    handler: async (request, reply) => {
      const { username, password, remember_me: rememberMe = false } = request.body;
      const result = await service.signIn(username, password);
      if (!result.ok) {
        onEvent(request, { name: "session.sign_in_failed", username, because: result.because });
        throw accountError("AEGIS_ACCOUNT_SIGN_IN_FAILED");
      }
      const { account } = result;
      if (result.rehashed) onEvent(request, { name: "password.rehashed", account });
      const subject = { userId: account.id, username: account.username, roles: account.roles };
      const session = await wiring.signIn(request, reply, subject, rememberMe);
      onEvent(request, { name: "session.signed_in", account, sessionId: session.id });
      return { user: userView(account), session: wiring.sessionView(session) };
    },
  });

  const own = async (request: FastifyRequest): Promise<Account> => {
    const account = await store.findById(request.principal.userId);
    if (account === undefined) throw wiring.signInRequired(); // deleted while signed in
    return account;
  };

  app.get("/api/profile", {
    config: { access: "authenticated" },
    handler: async (request) => profileView(await own(request)),
  });

  app.post<{ Body: Body<"profile"> }>("/api/profile", {
    config: { access: "authenticated" },
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

export const userView = (account: Account) => ({
  id: account.id,
  username: account.username,
  email: account.email,
  display_name: account.displayName,
  roles: account.roles,
});

const profileView = (account: Account) => ({
  ...userView(account),
  about_me: account.aboutMe,
  created_at: new Date(account.createdAt).toISOString(),
});
