/** What goes wrong with backups is told to an operator at a terminal; no request is ever answered with it. */
export type BackupErrorCode =
  /** It is not what its manifest says, or has no manifest. */
  | "AEGIS_BACKUP_DAMAGED"
  /** Nobody whose key was handed in signed it. */
  | "AEGIS_BACKUP_FOREIGN"
  /** No identity that was handed in opens it. */
  | "AEGIS_BACKUP_SEALED"
  /** What is to be restored into holds something. */
  | "AEGIS_BACKUP_TARGET_IN_USE"
  /** It has no such part. */
  | "AEGIS_BACKUP_PART_MISSING"
  /** A key, a recipient or an identity that is none. */
  | "AEGIS_BACKUP_KEY_INVALID"
  /** A program ended with an error, or something cannot be put into a backup. */
  | "AEGIS_BACKUP_FAILED";

export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly code: BackupErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: BackupErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
