import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { mfaError } from "./errors.ts";
import { type CodeInput, type MfaService, WARN_AT_BACKUP_CODES } from "./service.ts";

interface Owner {
  readonly id: string;
  readonly username: string;
}

type Answer = Readonly<Record<string, unknown>>;

export interface MfaRoutesWiring<A extends Owner> {
  readonly service: MfaService;
  readonly accountOf: (request: FastifyRequest) => Promise<A>;
  /** Spends a code under the throttle; undefined for any refusal. */
  readonly spend: (
    request: FastifyRequest,
    account: A,
    input: CodeInput,
  ) => Promise<"totp" | "backup_code" | undefined>;
  /** Compares the password under the throttle. @throws when it is wrong */
  readonly demandPassword: (request: FastifyRequest, account: A, password: string) => Promise<void>;
  readonly finishStep: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    path: string,
  ) => Promise<Answer>;
  /** A factor was set up: the sign-in, or the session, goes on with it. */
  readonly proceed: (
    request: FastifyRequest,
    reply: FastifyReply,
    account: A,
    shown: string,
  ) => Promise<Answer>;
  readonly hasSecondFactor: (accountId: string) => Promise<boolean>;
  readonly countPasskeys: (accountId: string) => Promise<number>;
  readonly isRequired: (account: A) => boolean;
  readonly needsApproval: (account: A) => boolean;
  /** Where a factor must stay: nothing else is removed meanwhile. @throws where something just was */
  readonly removeAlone: (account: A) => Promise<void>;
  /** Where another administrator must agree: asks for it, and names the request. */
  readonly askApproval: (request: FastifyRequest, account: A) => Promise<string | undefined>;
  readonly qrSvg: (text: string) => string;
  readonly onEvent: (request: FastifyRequest, account: A, event: MfaEvent) => Promise<void>;
}

export type MfaEvent = "mfa.enabled" | "mfa.disabled" | "mfa.backup_codes_renewed" | "mfa.backup_code_used";

const closed = { additionalProperties: false } as const;
const code = Type.String({ minLength: 1, maxLength: 16 });
const password = Type.String({ minLength: 1, maxLength: 4096 });

const schemas = {
  verify: Type.Object(
    {
      code: Type.Optional(code),
      backup_code: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    },
    { ...closed, minProperties: 1, maxProperties: 1 },
  ),
  code: Type.Object({ code }, closed),
  disable: Type.Object({ password, code }, closed),
  password: Type.Object({ password }, closed),
};

/** The HTTP surface of second factors by code (MFA-1 to 3). */
export function mfaRoutes<A extends Owner>(app: FastifyInstance, wiring: MfaRoutesWiring<A>): void {
  const { service, accountOf, onEvent } = wiring;
  const own = { access: "authenticated" } as const;

  app.get("/api/auth/mfa/status", {
    config: { ...own, session: "passive", stages: ["enrolment"] },
    handler: async (request) => {
      const account = await accountOf(request);
      const factor = await service.store.totp(account.id);
      const enabledAt = factor?.enabledAt ?? null;
      const passkeys = await wiring.countPasskeys(account.id);
      const { left, total } = await service.countBackupCodes(account.id);
      return {
        enabled: enabledAt !== null || passkeys > 0,
        totp: {
          enabled: enabledAt !== null,
          enabled_at: enabledAt === null ? null : new Date(enabledAt).toISOString(),
        },
        backup_codes: { left, total, warn: total > 0 && left <= WARN_AT_BACKUP_CODES },
        passkeys,
        required: wiring.isRequired(account),
        removal_needs_approval: wiring.needsApproval(account),
      };
    },
  });

  app.post("/api/auth/mfa/setup", {
    config: { ...own, stages: ["enrolment"], maxAuthAgeSeconds: "policy" },
    handler: async (request) => {
      const account = await accountOf(request);
      const offered = await service.offer(account.id, account.username);
      if (offered === undefined) throw mfaError("AEGIS_MFA_ENABLED_ALREADY");
      return {
        secret: offered.secret,
        otpauth_uri: offered.uri,
        qr_svg: wiring.qrSvg(offered.uri),
      };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.code> }>("/api/auth/mfa/verify-setup", {
    config: { ...own, stages: ["enrolment"], limit: "mfaVerify" },
    schema: { body: schemas.code },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      if (!(await service.confirm(account.id, request.body.code))) throw mfaError("AEGIS_MFA_SETUP_REFUSED");
      const codes = await service.renewBackupCodes(account.id);
      const answer = await wiring.proceed(request, reply, account, "totp");
      await onEvent(request, account, "mfa.enabled");
      return { backup_codes: codes, ...answer };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.verify> }>("/api/auth/mfa/verify", {
    config: { ...own, stages: ["second-factor"], signIn: ["totp", "backup_code"], limit: "mfaVerify" },
    schema: { body: schemas.verify },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      const { code: typed, backup_code: backupCode } = request.body;
      const path = await wiring.spend(request, account, {
        ...(typed === undefined ? {} : { code: typed }),
        ...(backupCode === undefined ? {} : { backupCode }),
      });
      if (path === undefined) throw mfaError("AEGIS_MFA_CODE_REFUSED");
      const answer = await wiring.finishStep(request, reply, account, path);
      if (path !== "backup_code") return answer;
      await onEvent(request, account, "mfa.backup_code_used");
      return { ...answer, backup_codes_left: (await service.countBackupCodes(account.id)).left };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.disable> }>("/api/auth/mfa/disable", {
    config: { ...own, limit: "mfaVerify" },
    schema: { body: schemas.disable },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      if (!(await service.hasTotp(account.id))) throw mfaError("AEGIS_MFA_NOT_ENABLED");
      await wiring.demandPassword(request, account, request.body.password);
      if ((await wiring.spend(request, account, { code: request.body.code })) === undefined)
        throw mfaError("AEGIS_MFA_CODE_REFUSED");
      const approvalId = await wiring.askApproval(request, account);
      if (approvalId !== undefined)
        return reply.code(202).send({ status: "approval_requested", approval_id: approvalId });
      const isLastFactor = async (): Promise<boolean> => {
        const isLast = (await wiring.countPasskeys(account.id)) === 0;
        if (isLast && wiring.isRequired(account)) throw mfaError("AEGIS_MFA_REQUIRED");
        return isLast;
      };
      await isLastFactor(); // who is refused anyway need not wait before the next try
      await wiring.removeAlone(account);
      const isLast = await isLastFactor();
      if (isLast) await service.removeAll(account.id);
      else await service.store.removeTotp(account.id);
      await onEvent(request, account, "mfa.disabled");
      return { status: "disabled" };
    },
  });

  app.post<{ Body: Type.Static<typeof schemas.password> }>("/api/auth/mfa/backup-codes", {
    // The password alone would make second factors, and with them every proof that is asked for.
    config: { ...own, maxAuthAgeSeconds: "policy" },
    schema: { body: schemas.password },
    handler: async (request) => {
      const account = await accountOf(request);
      if (!(await wiring.hasSecondFactor(account.id))) throw mfaError("AEGIS_MFA_NOT_ENABLED");
      await wiring.demandPassword(request, account, request.body.password);
      const codes = await service.renewBackupCodes(account.id);
      await onEvent(request, account, "mfa.backup_codes_renewed");
      return { backup_codes: codes };
    },
  });
}
