import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import type { FieldError } from "../errors.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { recoveryError } from "./errors.ts";
import type { RecoveryPolicy } from "./policy.ts";

interface Owner {
  readonly id: string;
  readonly email: string | null;
  readonly disabledAt: number | null;
}

export interface RecoveryWiring<A extends Owner> {
  readonly findByLogin: (login: string) => Promise<A | undefined>;
  readonly findById: (id: string) => Promise<A | undefined>;
  readonly issueToken: (order: {
    readonly purpose: "reset-password";
    readonly subject: string;
    readonly lifetimeSeconds: number;
    readonly everySeconds: number;
    readonly perDay: number;
    readonly attemptLimit: number;
  }) => Promise<string | undefined>;
  readonly ownerOf: (purpose: "reset-password", token: string) => Promise<string | undefined>;
  readonly redeem: (purpose: "reset-password", subject: string, token: string) => Promise<boolean>;
  /** Whether the link may be tried once more; counts the try. */
  readonly mayTry: (purpose: "reset-password", token: string) => Promise<boolean>;
  /** Every reason against the password that its own letters give; empty where it may be taken. */
  readonly problemsOf: (account: A, password: string) => Promise<readonly FieldError[]>;
  /** The reason against one that the account had before, or has. */
  readonly usedBefore: (account: A, password: string) => Promise<readonly FieldError[]>;
  /** False where another change came first. */
  readonly setPassword: (account: A, password: string) => Promise<boolean>;
  readonly sendLink: (request: FastifyRequest, account: A, token: string) => void;
  /** Ends every session, lifts waits, tells the owner. */
  readonly onReset: (request: FastifyRequest, account: A) => Promise<void>;
  readonly onRequested: (request: FastifyRequest, account: A) => void;
  readonly invalid: (errors: readonly FieldError[]) => Error;
  /** Does something after the answer, so that its time does not tell whether there was anything to do. */
  readonly later: (request: FastifyRequest, work: () => Promise<void>) => void;
}

const LINKS_PER_DAY = 10;
/** Passwords of one link that are held against those the account had: the answer tells whoever has the link what they were. */
const TRIES = 5;

const closed = { additionalProperties: false } as const;
const schemas = {
  forgot: Type.Object({ email: Type.String({ format: "email", maxLength: 254 }) }, closed),
  reset: Type.Object(
    {
      token: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
      new_password: Type.String({ minLength: 1, maxLength: 4096 }),
    },
    closed,
  ),
};

/** The HTTP surface of a forgotten password (ACC-5). */
export function recoveryRoutes<A extends Owner>(
  app: FastifyInstance,
  policy: DeepReadonly<RecoveryPolicy>,
  wiring: RecoveryWiring<A>,
): void {
  const open = { access: "public", csrf: "origin-only", session: "none", limit: "reset" } as const;

  app.post<{ Body: Type.Static<typeof schemas.forgot> }>("/api/auth/password/forgot", {
    config: open,
    schema: { body: schemas.forgot },
    handler: async (request, reply) => {
      const { email } = request.body;
      wiring.later(request, async () => {
        const account = await wiring.findByLogin(email);
        if (account === undefined || account.email === null || account.disabledAt !== null) return;
        const token = await wiring.issueToken({
          purpose: "reset-password",
          subject: account.id,
          lifetimeSeconds: policy.linkSeconds,
          everySeconds: policy.resendSeconds,
          perDay: LINKS_PER_DAY,
          attemptLimit: TRIES,
        });
        if (token === undefined) return;
        wiring.onRequested(request, account);
        wiring.sendLink(request, account, token);
      });
      return reply.code(202).send({ status: "sent_if_known" });
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.reset> }>("/api/auth/password/reset", {
    config: open,
    schema: { body: schemas.reset },
    handler: async (request) => {
      const { token, new_password: password } = request.body;
      const id = await wiring.ownerOf("reset-password", token);
      const account = id === undefined ? undefined : await wiring.findById(id);
      if (account === undefined || account.disabledAt !== null)
        throw recoveryError("AEGIS_RECOVERY_LINK_REFUSED");
      // Before the link is spent: who chooses badly may choose again.
      const problems = await wiring.problemsOf(account, password);
      if (problems.length > 0) throw wiring.invalid(problems);
      // Counted before anything is compared, so that parallel tries do not slip through.
      if (!(await wiring.mayTry("reset-password", token))) throw recoveryError("AEGIS_RECOVERY_LINK_REFUSED");
      const known = await wiring.usedBefore(account, password);
      if (known.length > 0) throw wiring.invalid(known);
      if (!(await wiring.redeem("reset-password", account.id, token)))
        throw recoveryError("AEGIS_RECOVERY_LINK_REFUSED");
      if (!(await wiring.setPassword(account, password))) throw recoveryError("AEGIS_RECOVERY_LINK_REFUSED");
      await wiring.onReset(request, account);
      return { status: "reset" };
    },
  });
}
