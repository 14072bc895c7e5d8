/** Second factors by code, in the words of the domain. */
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import type { PurposeKeys } from "../lib/secret-keys.ts";
import { backupCodeHash, newBackupCode } from "./backup-code.ts";
import type { MfaPolicy } from "./policy.ts";
import type { BackupCodeCount, FactorStore } from "./store.ts";
import { base32, fromBase32, matchingStep, otpauthUri, SECRET_BYTES } from "./totp.ts";

export interface MfaParts {
  readonly store: FactorStore;
  readonly seal: (text: string, place: string) => string;
  readonly open: (sealed: string, place: string) => string;
  readonly isOld: (sealed: string) => boolean;
  /** For the hashes of backup codes. */
  readonly keys: PurposeKeys;
  readonly issuer: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface CodeInput {
  readonly code?: string;
  readonly backupCode?: string;
}

export interface MfaService {
  readonly store: FactorStore;
  hasTotp(accountId: string): Promise<boolean>;
  /** A new secret to be confirmed; undefined where one is enabled already. */
  offer(
    accountId: string,
    name: string,
  ): Promise<{ readonly secret: string; readonly uri: string } | undefined>;
  /** Enables the offered secret; false for a wrong code. */
  confirm(accountId: string, code: string): Promise<boolean>;
  /** A new set of backup codes; the old one is void. Shown once. */
  renewBackupCodes(accountId: string): Promise<readonly string[]>;
  /** The path that the code opens, for exactly one of parallel calls with it; undefined for a wrong or used code. */
  spend(accountId: string, input: CodeInput): Promise<"totp" | "backup_code" | undefined>;
  countBackupCodes(accountId: string): Promise<BackupCodeCount>;
  /** Takes authenticator and backup codes away. */
  removeAll(accountId: string): Promise<void>;
}

/** Below that many the owner is warned (MFA-3). */
export const WARN_AT_BACKUP_CODES = 3;

export function mfaService(policy: DeepReadonly<MfaPolicy>, parts: MfaParts): MfaService {
  const { store, clock, random, keys } = parts;
  const placeOf = (accountId: string): string => `totp:${accountId}`;
  const stepOf = (accountId: string, sealed: string, code: string): number | undefined =>
    matchingStep(
      fromBase32(parts.open(sealed, placeOf(accountId))),
      code.replace(/\s/g, ""),
      clock.now(),
      policy.driftStepCount,
    );

  const spendTotp = async (accountId: string, code: string): Promise<boolean> => {
    const factor = await store.totp(accountId);
    if (factor === undefined || factor.enabledAt === null) return false;
    const step = stepOf(accountId, factor.sealedSecret, code);
    if (step === undefined || !(await store.spendStep(accountId, step))) return false;
    if (parts.isOld(factor.sealedSecret)) {
      const secret = parts.open(factor.sealedSecret, placeOf(accountId));
      await store.resealTotp(accountId, factor.sealedSecret, parts.seal(secret, placeOf(accountId)));
    }
    return true;
  };

  return {
    store,
    hasTotp: async (accountId) => ((await store.totp(accountId))?.enabledAt ?? null) !== null,
    async offer(accountId, name) {
      const secret = base32(Buffer.from(random.token(SECRET_BYTES), "base64url"));
      const offered = await store.offerTotp(accountId, parts.seal(secret, placeOf(accountId)));
      return offered ? { secret, uri: otpauthUri(secret, parts.issuer, name) } : undefined;
    },
    async confirm(accountId, code) {
      const factor = await store.totp(accountId);
      if (factor === undefined || factor.enabledAt !== null) return false;
      const step = stepOf(accountId, factor.sealedSecret, code);
      return step !== undefined && store.enableTotp(accountId, factor.sealedSecret, step, clock.now());
    },
    async renewBackupCodes(accountId) {
      const codes = Array.from({ length: policy.backupCodeCount }, () => newBackupCode(random));
      await store.replaceBackupCodes(
        accountId,
        codes.map((code) => backupCodeHash(keys()[0], accountId, code)),
      );
      return codes;
    },
    async spend(accountId, { code, backupCode }) {
      if (code !== undefined) return (await spendTotp(accountId, code)) ? "totp" : undefined;
      if (backupCode === undefined) return undefined;
      for (const key of keys())
        if (await store.spendBackupCode(accountId, backupCodeHash(key, accountId, backupCode), clock.now()))
          return "backup_code";
      return undefined;
    },
    countBackupCodes: (accountId) => store.countBackupCodes(accountId),
    async removeAll(accountId) {
      await store.removeTotp(accountId);
      await store.replaceBackupCodes(accountId, []);
    },
  };
}
