/** "aegis/certs": certificates made, read, and looked at. */
export { CertificateError } from "./errors.ts";
export {
  certificatesOf,
  keyFileMode,
  type KeyFile,
  readCertificates,
  readKeyFile,
  writeNewFile,
} from "./files.ts";
export { certificateEndsAt, type HostAddress, lookAtHost, type ShownByHost } from "./host.ts";
export {
  type CertificateFinding,
  certificateChecks,
  daysLeft,
  DEFAULT_MIN_DAYS,
  inspectCertificate,
  type ToInspect,
} from "./inspect.ts";
export {
  type Authority,
  type CertificateOptions,
  certificateRequest,
  issuedCertificate,
  type KeyKind,
  localAuthority,
  type Made,
  selfSignedCertificate,
} from "./make.ts";
