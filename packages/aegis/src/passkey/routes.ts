import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type Type from "typebox";
import { passkeyError } from "./errors.ts";
import { passkeySchemas } from "./schemas.ts";
import type { PasskeyService, PasskeyUse, RelyingParty } from "./service.ts";
import type { Passkey } from "./store.ts";

interface Owner {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
}

type Answer = Readonly<Record<string, unknown>>;

export interface PasskeyRoutesWiring<A extends Owner> {
  readonly service: PasskeyService;
  readonly partyOf: (request: FastifyRequest) => RelyingParty;
  readonly accountOf: (request: FastifyRequest) => Promise<A>;
  /** The account behind a passkey, if it may sign in. */
  readonly findById: (id: string) => Promise<A | undefined>;
  readonly advance: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    path: "passkey" | "passkey_second",
    options?: { readonly rememberMe?: boolean },
  ) => Promise<Answer>;
  readonly proceed: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    shown: string,
  ) => Promise<Answer>;
  /** Backup codes where this is the account's first factor: shown once. */
  readonly codesForFirstFactor: (account: A) => Promise<readonly string[] | undefined>;
  /** Removes it. @throws where the account must keep a factor, and this is its last */
  readonly remove: (account: A, id: string) => Promise<void>;
  readonly onEvent: (
    request: FastifyRequest,
    account: A,
    event: "passkey.added" | "passkey.removed",
  ) => Promise<void>;
  readonly onRefused: (request: FastifyRequest, error: unknown) => void;
}

type Body<S extends keyof typeof passkeySchemas> = { Body: Type.Static<(typeof passkeySchemas)[S]> };

/** The HTTP surface of passkeys (MFA-5): one's own, and signing in with them. */
export function passkeyRoutes<A extends Owner>(app: FastifyInstance, wiring: PasskeyRoutesWiring<A>): void {
  const { service, partyOf, accountOf } = wiring;
  const { store } = service;
  const own = { access: "authenticated" } as const;

  app.get("/api/auth/passkeys", {
    config: { ...own, session: "passive", stages: ["enrolment"] },
    handler: async (request) => {
      const items = await store.listByAccount(request.principal.userId);
      return { items: items.map(passkeyView), total: items.length };
    },
  });

  app.post("/api/auth/passkeys/register/options", {
    config: { ...own, stages: ["enrolment"], maxAuthAgeSeconds: "policy" },
    handler: async (request) => service.registrationOptions(await accountOf(request), partyOf(request)),
  });

  app.post<Body<"register">>("/api/auth/passkeys/register/verify", {
    config: { ...own, stages: ["enrolment"], maxAuthAgeSeconds: "policy" },
    schema: { body: passkeySchemas.register },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      const { name, response } = request.body;
      const passkey = await service
        .register(account, partyOf(request), name, response)
        .catch((error: unknown) => {
          wiring.onRefused(request, error);
          return undefined;
        });
      if (passkey === undefined) throw passkeyError("AEGIS_PASSKEY_NOT_ADDED");
      const codes = await wiring.codesForFirstFactor(account);
      const answer = await wiring.proceed(request, reply, account, "passkey_second");
      await wiring.onEvent(request, account, "passkey.added");
      return reply.code(201).send({
        passkey: passkeyView(passkey),
        ...(codes === undefined ? {} : { backup_codes: codes }),
        ...answer,
      });
    },
  });

  app.patch<Body<"name"> & { Params: { id: string } }>("/api/auth/passkeys/:id", {
    config: own,
    schema: { params: passkeySchemas.id, body: passkeySchemas.name },
    handler: async (request) => {
      const renamed = await store.rename(request.principal.userId, request.params.id, request.body.name);
      if (!renamed) throw passkeyError("AEGIS_PASSKEY_NOT_FOUND");
      return { status: "renamed" };
    },
  });

  app.delete<{ Params: { id: string } }>("/api/auth/passkeys/:id", {
    config: { ...own, maxAuthAgeSeconds: "policy" },
    schema: { params: passkeySchemas.id },
    handler: async (request) => {
      const account = await accountOf(request);
      const isOwn = (await store.listByAccount(account.id)).some(({ id }) => id === request.params.id);
      if (!isOwn) throw passkeyError("AEGIS_PASSKEY_NOT_FOUND");
      await wiring.remove(account, request.params.id);
      await wiring.onEvent(request, account, "passkey.removed");
      return { status: "removed" };
    },
  });

  const authenticated = async (
    request: FastifyRequest<Body<"verify">>,
    use: PasskeyUse,
    accountId?: string,
  ): Promise<A> => {
    const id = await service
      .authenticate(use, partyOf(request), request.body.response, accountId)
      .catch((error: unknown) => {
        wiring.onRefused(request, error);
        return undefined;
      });
    const account = id === undefined ? undefined : await wiring.findById(id);
    if (account === undefined) throw passkeyError("AEGIS_PASSKEY_REFUSED");
    return account;
  };
  const open = { access: "public", csrf: "origin-only", session: "passive", limit: "login" } as const;

  app.post("/api/auth/passkeys/sign-in/options", {
    config: open,
    handler: (request) => service.authenticationOptions("first", partyOf(request)),
  });

  app.post<Body<"signIn">>("/api/auth/passkeys/sign-in/verify", {
    config: { ...open, signIn: "passkey" },
    schema: { body: passkeySchemas.signIn },
    handler: async (request, reply) => {
      const { remember_me: rememberMe = false } = request.body;
      return wiring.advance(request, reply, await authenticated(request, "first"), "passkey", { rememberMe });
    },
  });

  app.post("/api/auth/passkeys/verify/options", {
    config: { ...own, stages: ["second-factor"] },
    handler: (request) => service.authenticationOptions("second", partyOf(request), request.principal.userId),
  });

  app.post<Body<"verify">>("/api/auth/passkeys/verify", {
    config: { ...own, stages: ["second-factor"], signIn: "passkey_second", limit: "mfaVerify" },
    schema: { body: passkeySchemas.verify },
    handler: async (request, reply) => {
      const account = await authenticated(request, "second", request.principal.userId);
      return wiring.advance(request, reply, account, "passkey_second");
    },
  });
}

export const passkeyView = (passkey: Passkey) => ({
  id: passkey.id,
  name: passkey.name,
  created_at: new Date(passkey.createdAt).toISOString(),
  last_used_at: passkey.lastUsedAt === null ? null : new Date(passkey.lastUsedAt).toISOString(),
  backed_up: passkey.backedUp,
});
