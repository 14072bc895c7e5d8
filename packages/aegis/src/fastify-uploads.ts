/** LIST 2, continued: files of people, and what is looked at in them. Where no blob store is wired, there are none. */
import type { FastifyInstance } from "fastify";
import type { Audit } from "./audit/auditor.ts";
import { checkWhole, streamCheck } from "./file-check/check.ts";
import { agreedKind, candidatesOf, kindNames, kindOf, type KindName } from "./file-check/kinds.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import type { Policy } from "./policy.ts";
import type { BlobStore } from "./upload/blobs.ts";
import { type UploadRoutesWiring, uploadRoutes, type Uploads, uploads, uploadView } from "./upload/routes.ts";
import { type UploadParts, uploadService } from "./upload/service.ts";
import type { Upload, UploadStore } from "./upload/store.ts";

export interface UploadWiring {
  readonly policy: Policy;
  readonly uploads: UploadStore;
  readonly blobs?: BlobStore;
}

interface Shared {
  readonly tenantOf: UploadRoutesWiring["tenantOf"];
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

export interface EnforcedUploads {
  readonly uploads: Uploads;
  readonly removeLeftovers: () => Promise<number>;
  /** For the person whose files they are: what is known of each, in all tenants. The bytes are at their own addresses. */
  readonly personalData: (accountId: string) => Promise<object>;
}

/** Of an export; the quota ends far below it unless somebody sets it wider. */
const MOST_EXPORTED = 1000;

export function enforceUploads(
  app: FastifyInstance,
  wiring: UploadWiring,
  shared: Shared,
): EnforcedUploads | undefined {
  const { uploads: store, blobs } = wiring;
  if (blobs === undefined) return undefined;
  const { audit, tenantOf } = shared;
  const policy = wiring.policy.upload;
  const service = uploadService(policy, { ...shared, store, blobs, inspect: inspector(wiring.policy) });
  const parts: UploadRoutesWiring = {
    service,
    tenantOf,
    uses: [],
    mediaTypeOf: (kind) => kindOf(named(kind)).mediaType,
    describeKind: (kind) => kindOf(named(kind)),
    inlineKinds: new Set(
      policy.inlineImages ? kindNames.filter((kind) => kindOf(kind).family === "image") : [],
    ),
    onEvent: (request, event, { id, kind, size }) =>
      audit(request, {
        event,
        outcome: "success",
        user_id: request.principal.userId,
        facts: {
          upload: id,
          ...(kind === undefined ? {} : { kind }),
          ...(size === undefined ? {} : { size }),
        },
      }),
  };
  const files = uploads(parts);
  uploadRoutes(app, policy, files, parts);
  return {
    uploads: files,
    removeLeftovers: () => service.removeLeftovers(),
    personalData: async (accountId) => {
      const { items, total } = await store.ofAccount(accountId, MOST_EXPORTED);
      const withTenant = (one: Upload) => ({
        ...uploadView(one, parts.mediaTypeOf),
        tenant_id: one.tenantId,
      });
      return { total, items: items.map(withTenant) };
    },
  };
}

/** Joins what a file can be with what may be taken; both lists are one, or this does not compile. */
function inspector({ upload }: Policy): UploadParts["inspect"] {
  const allowed: readonly KindName[] = upload.allowedKinds;
  return (head, declared, kinds) => {
    const candidates = candidatesOf(head);
    if (candidates.length === 0) return "unknown";
    const kind = agreedKind(candidates, declared);
    const known = allowed.find((one) => one === kind && kinds.includes(one));
    if (kind === undefined) return "mismatch";
    if (known === undefined) return "unknown";
    const { family, extensions } = kindOf(known);
    return {
      kind: known,
      family,
      extension: extensions[0] ?? "",
      stream: streamCheck(known),
      whole: (bytes) => checkWhole(known, bytes, upload),
    };
  };
}

/** A kind that was stored by an earlier version and is none any more opens as nothing in particular. */
function named(kind: string): KindName {
  return kindNames.find((one) => one === kind) ?? "zip";
}
