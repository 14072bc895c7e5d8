/** What an application hands to `aegis`: its policy, its keys, its stores, and what it has of its own. */
import type { AuditSink } from "./audit/events.ts";
import type { BreachSource } from "./breach/checker.ts";
import type { MetricsParts } from "./fastify-metrics.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { SecretKeys, SecretWiring } from "./lib/secret-keys.ts";
import type { MailTransport } from "./mail/mailer.ts";
import type { MaintenanceParts } from "./maintenance/enforce.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";
import type { RevocationParts } from "./revocation/service.ts";
import type { KeyRing, LiveKeyRing } from "./token/keys.ts";
import type { BlobStore } from "./upload/blobs.ts";

/** `...memoryStores()`, `...postgresStores(pool)`, `...redisStores(…)`, or an application's own. */
export interface AegisWiring extends AegisStores, SecretWiring {
  /** Lets several instances keep sessions in memory and still end them everywhere at once (`redisStores`). */
  readonly revocation?: RevocationParts;
  readonly policy: Policy;
  /** 32 random bytes or more (`loadSecretKey`), or keys that change while the application runs (`liveSecretKeys`). */
  readonly secretKey: Uint8Array | SecretKeys;
  /** Newest first; goes into password hashes beside the salt and is kept out of the database. */
  readonly passwordPeppers?: readonly Uint8Array[];
  /** What access tokens are signed with (`aegis keys ring`). Needed in production where `token.enabled`. */
  readonly tokenKeys?: KeyRing | LiveKeyRing;
  /** What the end of the audit log is signed with (EdDSA). Default: a key derived of `secretKey`. */
  readonly auditKeys?: KeyRing;
  /** Sends mail (`aegis/mail`). Without it there are no codes and no reset links, and the policy may ask for none. */
  readonly mail?: MailTransport;
  /** Where new passwords are looked up. Default for `breach.source: "online"`: the range service. */
  readonly breaches?: BreachSource;
  /** Lifts the volume limits for the operator's own verifier (`aegis verify --probe-key-file`); 43 random characters or more. */
  readonly probeKey?: string;
  /** Where the bytes of files are kept (`aegis/stores/files`). Without it there are no uploads. */
  readonly blobs?: BlobStore;
  /** What the application keeps about a user, for the export of personal data: named parts, plain data. */
  readonly collectPersonalData?: (userId: string) => Promise<Readonly<Record<string, unknown>>>;
  /** Closes the application while its source says so (`aegis/maintenance`, `aegis maintenance on`). */
  readonly maintenance?: MaintenanceParts;
  /** Gives `GET /metrics` to Prometheus, with a token of its own; and where to look for what is measured. */
  readonly metrics?: MetricsParts;
  /** Where people reach the application, e.g. "https://hub.example". Needed behind a proxy that hides it. */
  readonly publicOrigin?: string;
  /** The product's name: a password may not consist of it. */
  readonly product?: string;
  /** Default: structured lines in Fastify's log. The chain (`auditLog`) is written beside it. */
  readonly audit?: AuditSink;
  readonly clock?: Clock;
  readonly random?: Random;
}
