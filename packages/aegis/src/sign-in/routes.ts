import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { signInError } from "./errors.ts";
import type { PasswordCheck, SignInAccount } from "./service.ts";
import type { SignIns } from "./enforce.ts";

export interface SignInRoutesWiring<A extends SignInAccount> {
  readonly check: (login: string, password: string, cookie: string | undefined) => Promise<PasswordCheck<A>>;
  readonly signIns: SignIns<A>;
  /** Refuses a right password whose account is not ready: its address is not verified though it must be. @throws */
  readonly demandReady: (account: A) => void;
  readonly accountOf: (request: FastifyRequest) => Promise<A>;
  /** Whether the person has shown again that it is they, by one of these. */
  readonly confirm: (request: FastifyRequest, account: A, proof: Proof) => Promise<boolean>;
  readonly renewProof: (request: FastifyRequest, reply: FastifyReply, proof: Proof) => Promise<unknown>;
  readonly refuseProof: () => Error;
  readonly onFailure: (
    request: FastifyRequest,
    failure: {
      readonly login: string;
      readonly because: string;
      readonly account?: A;
      readonly tellOwner: boolean;
    },
  ) => void;
  readonly onRehash: (request: FastifyRequest, account: A) => void;
}

export interface Proof {
  readonly password?: string;
  readonly code?: string;
  readonly backup_code?: string;
}

const closed = { additionalProperties: false } as const;
/** Beyond any password policy; stops a stranger from having megabytes normalised. */
const PASSWORD = Type.String({ minLength: 1, maxLength: 4096 });

const schemas = {
  login: Type.Object(
    {
      username: Type.String({ minLength: 1, maxLength: 254 }),
      password: PASSWORD,
      remember_me: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  confirm: Type.Object(
    {
      password: Type.Optional(PASSWORD),
      code: Type.Optional(Type.String({ minLength: 1, maxLength: 16 })),
      backup_code: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    },
    { ...closed, minProperties: 1, maxProperties: 1 },
  ),
};

/** The HTTP surface of signing in with a password (ACC-1), and of showing again that it is you. */
export function signInRoutes<A extends SignInAccount>(
  app: FastifyInstance,
  wiring: SignInRoutesWiring<A>,
): void {
  app.post<{ Body: Type.Static<typeof schemas.login> }>("/api/login", {
    config: { access: "public", csrf: "origin-only", session: "passive", signIn: "password", limit: "login" },
    schema: { body: schemas.login },
    handler: async (request, reply) => {
      const { username, password, remember_me: rememberMe = false } = request.body;
      const result = await wiring.check(username, password, request.headers.cookie);
      if (!result.ok) {
        wiring.onFailure(request, { login: username, ...result });
        throw signInError("AEGIS_SIGN_IN_FAILED");
      }
      const { account, rehashed } = result;
      wiring.demandReady(account);
      if (rehashed) wiring.onRehash(request, account);
      return wiring.signIns.advance(request, reply, account, "password", { rememberMe });
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.confirm> }>("/api/auth/confirm", {
    config: { access: "authenticated", limit: "mfaVerify" },
    schema: { body: schemas.confirm },
    handler: async (request, reply) => {
      const account = await wiring.accountOf(request);
      if (!(await wiring.confirm(request, account, request.body))) throw wiring.refuseProof();
      return { session: await wiring.renewProof(request, reply, request.body) };
    },
  });
}
