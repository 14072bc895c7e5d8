export { definePolicy, environmentOf, fingerprint, policySchema } from "./policy.ts";
export type { Policy, PolicyInput, PolicyOverrides } from "./policy.ts";
export { PolicyError } from "./policy-check.ts";
export type { PolicyProblem } from "./policy-check.ts";
export { presets } from "./presets.ts";
export type { PresetName } from "./presets.ts";
export { AegisError } from "./errors.ts";
export type { Environment } from "./lib/schema.ts";
export { loadSecretKey, loadSecretRing, secretKeysOf, type SecretRing } from "./secret/load.ts";
export type { SecretSource } from "./secret/load.ts";
export { SecretError } from "./secret/errors.ts";
export {
  KeyRingError,
  type KeyRing,
  type LiveKeyRing,
  newKeyRing,
  parseKeyRing,
  type Rotated,
  rotateKeyRing,
  type TokenAlgorithm,
} from "./token/keys.ts";
export { type LeafDescription, leafDescriptions, policyLeaves } from "./policy-leaves.ts";
export { type ColumnOptions, encryptedColumn, type EncryptedColumn, type RowPlace } from "./crypto/column.ts";
export {
  DataKeyError,
  type DataKeyRing,
  type DataKeys,
  derivedDataKeys,
  dropDataKey,
  isDataKeyRing,
  liveDataKeys,
  newDataKeyRing,
  openDataKeys,
  parseDataKeyRing,
  prepareDataKey,
  rotateDataKeys,
  type RotatedDataKeys,
} from "./crypto/data-keys.ts";
export { SealError } from "./crypto/sealer.ts";
export { type Random, systemRandom } from "./lib/random.ts";
