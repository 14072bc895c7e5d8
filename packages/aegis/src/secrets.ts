/** "aegis/secrets": where the secrets of an application come from, how they change while it runs, and what keeps them out of logs. */
export { type AtLeastOne, type SecretKeys } from "./lib/secret-keys.ts";
export { SecretError, type SecretErrorCode } from "./secret/errors.ts";
export { keepFresh, type KeepingFresh, liveSecretKeys, made } from "./secret/live.ts";
export { openSecrets, type SecretEvent, type Secrets, type SecretsOptions } from "./secret/manager.ts";
export { keysOf, type SecretNeed } from "./secret/source.ts";
export { type SourceKind } from "./secret/policy.ts";
export { REDACTED, redactor, type Redactor } from "./secret/redact.ts";
export { found, type SecretSource, textsIn } from "./secret/source.ts";
export { ageSource, type AgeFiles } from "./stores/secrets/age.ts";
export { type AwsCredentials, type AwsOptions, awsSource } from "./stores/secrets/aws.ts";
export { credentialsSource, dotenvSource, environmentSource, filesSource } from "./stores/secrets/local.ts";
export { secretSources, type SourceSettings } from "./stores/secrets/open.ts";
export { type VaultOptions, vaultSource } from "./stores/secrets/vault.ts";
export { secretBytes } from "./secret/strength.ts";
export { backupSettings, envFiles, type EnvSetting, renderEnv } from "./render/env.ts";
export { rotateInEnv, type RotatedSecret, rotateSecretKey } from "./secret/rotate.ts";
