import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { numbered, numberedFacts, numberQuery } from "../lib/pages.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { rowId } from "../lib/schema.ts";
import { uploadError } from "./errors.ts";
import { ENVELOPE_BYTES, withPart } from "./multipart.ts";
import type { UploadPolicy } from "./policy.ts";
import { sendUpload, type ServeParts } from "./serve.ts";
import { type Receiving, tooLarge } from "./service.ts";
import type { Upload } from "./store.ts";

/** Names, for its owner, of what shows a file. */
export type UsedWhere = (request: FastifyRequest, upload: Upload) => Promise<readonly string[]>;

export interface UploadRoutesWiring extends ServeParts {
  /** Whoever is asked before a file is deleted. */
  readonly uses: UsedWhere[];
  /** The tenant that the caller works in and is still a member of; null: none, the file is a person's own. */
  readonly tenantOf: (request: FastifyRequest) => Promise<string | null>;
  readonly onEvent: (
    request: FastifyRequest,
    event: "upload.stored" | "upload.deleted",
    upload: Pick<Upload, "id"> & Partial<Upload>,
  ) => void;
  /** Extensions of a kind, and how large a file of it may be. */
  readonly describeKind: (kind: string) => {
    readonly extensions: readonly string[];
    readonly family: string;
  };
}

const MOST_PLACES = 20;
const id = Type.Object({ id: rowId() });
const query = Type.Object(
  {
    ...numberQuery(),
    q: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
);

/** What an application's own routes can do with files, under the same checks. */
export interface Uploads {
  /** Takes the file of a multipart request in; for a route in a scope that `acceptFiles` was called for. */
  receive(
    request: FastifyRequest,
    options?: { readonly kinds?: readonly string[]; readonly limitBytes?: number },
  ): Promise<Upload>;
  /** Without looking at whose it is: the route decides who may read it. */
  find(request: FastifyRequest, id: string): Promise<Upload | undefined>;
  send: (
    request: FastifyRequest,
    reply: Parameters<typeof sendUpload>[2],
    upload: Upload,
  ) => ReturnType<typeof sendUpload>;
  /**
   * Asked before a person deletes a file: while somebody names a place that shows it, the answer is AEGIS_UPLOAD_IN_USE
   * with these names. Erasing an account asks nobody.
   */
  usedWhere(find: UsedWhere): void;
  /** Lets the routes of this scope take multipart bodies. */
  acceptFiles(scope: FastifyInstance): void;
}

export function uploads({ service, ...parts }: Omit<UploadRoutesWiring, "describeKind">): Uploads {
  return {
    async receive(request, options = {}) {
      const length = request.headers["content-length"];
      const announced = length === undefined ? undefined : Number(length);
      const limit = Math.min(service.largestBytes, options.limitBytes ?? Infinity);
      if ((announced ?? 0) > limit + ENVELOPE_BYTES) throw tooLarge(limit); // not a byte of it is read
      const to: Receiving = {
        tenantId: await parts.tenantOf(request),
        accountId: request.principal.userId,
        announced,
        ...options,
      };
      const upload = await withPart(request, (part) => service.receive(part, to));
      parts.onEvent(request, "upload.stored", upload);
      return upload;
    },
    find: async (request, uploadId) => service.store.find(await parts.tenantOf(request), uploadId),
    send: (request, reply, upload) => sendUpload({ service, ...parts }, request, reply, upload),
    usedWhere: (find) => void parts.uses.push(find),
    // The body is not read here: the handler reads it, when everything else is decided.
    acceptFiles: (scope) =>
      scope.addContentTypeParser("multipart/form-data", (_request, _payload, done) => done(null, undefined)),
  };
}

/** As its owner is told of it. */
export const uploadView = (
  { id: uploadId, name, kind, size, digest, width, height, createdAt }: Upload,
  mediaTypeOf: (kind: string) => string,
) => ({
  id: uploadId,
  name,
  kind,
  media_type: mediaTypeOf(kind),
  size_bytes: size,
  sha256: digest,
  width,
  height,
  created_at: new Date(createdAt).toISOString(),
});

/** One's own files (requirements, section 14: /api/uploads). */
export function uploadRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<UploadPolicy>,
  files: Uploads,
  { service, tenantOf, onEvent, mediaTypeOf, describeKind, uses }: UploadRoutesWiring,
): void {
  const { store } = service;
  const own = { access: "authenticated" } as const;
  const view = (upload: Upload) => uploadView(upload, mediaTypeOf);
  const found = async (request: FastifyRequest, uploadId: string): Promise<Upload> => {
    const upload = await store.find(await tenantOf(request), uploadId);
    if (upload === undefined || upload.accountId !== request.principal.userId)
      throw uploadError("AEGIS_UPLOAD_NOT_FOUND");
    return upload;
  };
  type Id = { Params: Type.Static<typeof id> };

  app.get<{ Querystring: Type.Static<typeof query> }>("/api/uploads", {
    config: own,
    schema: { querystring: query },
    handler: async (request) => {
      const { q } = request.query;
      const page = numbered(request.query);
      const { userId } = request.principal;
      const tenantId = await tenantOf(request);
      const [{ items, total }, used] = await Promise.all([
        store.page(tenantId, userId, { query: q ?? "", limit: page.limit, offset: page.offset }),
        store.used(tenantId, userId),
      ]);
      return {
        items: items.map(view),
        ...numberedFacts(page, total, "/api/uploads", { q }),
        pages: Math.max(1, Math.ceil(total / page.limit)),
        used: { bytes: used.bytes, files: used.files },
        quota: { bytes: policy.accountBytes, files: policy.accountFileLimit },
        kinds: policy.allowedKinds.map((kind) => ({
          kind,
          extensions: describeKind(kind).extensions,
          limit_bytes: service.limitOf(describeKind(kind).family),
        })),
      };
    },
  });

  app.get<Id>("/api/uploads/:id", {
    config: own,
    schema: { params: id },
    handler: async (request) => view(await found(request, request.params.id)),
  });

  app.get<Id>("/api/uploads/:id/content", {
    config: own,
    schema: { params: id },
    handler: async (request, reply) => files.send(request, reply, await found(request, request.params.id)),
  });

  app.delete<Id>("/api/uploads/:id", {
    config: own,
    schema: { params: id },
    handler: async (request) => {
      const upload = await found(request, request.params.id);
      const places = (await Promise.all(uses.map((find) => find(request, upload)))).flat();
      if (places.length > 0)
        throw uploadError("AEGIS_UPLOAD_IN_USE", {
          errors: places.slice(0, MOST_PLACES).map((message) => ({ field: "", reason: "used", message })),
        });
      await service.remove(await tenantOf(request), request.principal.userId, request.params.id);
      onEvent(request, "upload.deleted", { id: request.params.id });
      return { deleted: 1 };
    },
  });

  void app.register(async (scope) => {
    files.acceptFiles(scope);
    scope.post("/api/uploads", {
      config: { ...own, limit: "upload" },
      handler: async (request, reply) => reply.code(201).send(view(await files.receive(request))),
    });
  });
}
