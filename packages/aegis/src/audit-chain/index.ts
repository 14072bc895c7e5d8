/** The audit log without a server: what `aegis audit verify` does. */
export {
  type AuditRecord,
  type ChainEntry,
  type ChainHead,
  GENESIS,
  hashOf,
  linked,
  lineOf,
} from "./chain.ts";
export {
  derivedSigner,
  type HeadKeys,
  headKeys,
  headSigner,
  isSignedHead,
  keyFromSeed,
  type SignedHead,
} from "./heads.ts";
export type { AuditLine, AuditLogStore, AuditQuery } from "./store.ts";
export { type ChainProblem, type ChainReport, headLine, verifyChain, type VerifyOptions } from "./verify.ts";
