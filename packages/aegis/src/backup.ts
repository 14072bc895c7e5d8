/** "aegis/backup": backups without a server: their form, what is kept, and the proof that one can be restored. */
import { BackupError } from "./backup/errors.ts";
import type { BackupSigner } from "./backup/signature.ts";
import { type KeyRing, openKeyRing } from "./token/keys.ts";

export {
  beginBackup,
  checkBackup,
  lastBackupAt,
  type ListedBackup,
  listBackups,
  type NewBackup,
  type NewBackupOptions,
  openBackup,
  readBackupPart,
  removeBackup,
  removeBroken,
} from "./backup/archive.ts";
export {
  type BackupContents,
  type DatabaseContents,
  MAX_CONTENTS_BYTES,
  parseContents,
} from "./backup/contents.ts";
export { BackupError, type BackupErrorCode } from "./backup/errors.ts";
export { extractFolder, folderEntries, type FolderOptions, isVacant } from "./backup/folder.ts";
export { type BackupManifest, type BackupPart, type PartName, partFile } from "./backup/manifest.ts";
export { type Bytes, parseIdentities, parseRecipients } from "./backup/part.ts";
export type { BackupPolicy } from "./backup/policy.ts";
export { type DatedBackup, keptBackups } from "./backup/retention.ts";
export type { BackupKeys, BackupSigner } from "./backup/signature.ts";
export { tarOf } from "./backup/tar.ts";
export { checkWal, extractWal, keepWal, pruneWal, type WalOptions, type WalSegment } from "./backup/wal.ts";
export {
  type DrillAccount,
  type ProofOptions,
  type ProofStep,
  proveRestored,
  proveUploads,
} from "./backup-proof.ts";
export { type BackupTimerOptions, renderBackupTimer } from "./render/backup-timer.ts";

/** What signs manifests, of a ring as `aegis keys ring` makes it. @throws BackupError AEGIS_BACKUP_KEY_INVALID */
export function backupSigner(
  ring: KeyRing,
): BackupSigner & { readonly jwk: Readonly<Record<string, string>> } {
  const { signing, jwks } = openKeyRing(ring);
  const jwk = jwks.keys.find(({ kid }) => kid === signing.kid);
  if (signing.algorithm !== "EdDSA" || jwk === undefined)
    throw new BackupError(
      "AEGIS_BACKUP_KEY_INVALID",
      "Backups are signed with Ed25519, and the ring's active key is of another kind.",
      {
        hint: "Make one: aegis keys ring --algorithm EdDSA",
      },
    );
  return { kid: signing.kid, privateKey: signing.privateKey, jwk };
}
