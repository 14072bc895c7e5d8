/** More of the small application with holes: files, whole bodies, and links between two of its own. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import type { Hole } from "./lessons-app.ts";

interface Kept {
  readonly id: string;
  readonly tenant: string;
}
interface Note extends Kept {
  readonly title: string;
  readonly text: string;
}
interface File extends Kept {
  readonly name: string;
  readonly content: string;
}
interface Edge {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

const closed = { additionalProperties: false } as const;
const id = Type.String({ format: "uuid" });
const line = Type.String({ minLength: 3, maxLength: 200 });
const schemas = {
  id: Type.Object({ id }),
  whole: Type.Object({ title: line, text: line }, closed),
  link: Type.Object({ kind: Type.Enum(["related"]), to_id: id }, closed),
  edge: Type.Object({ id, kind: Type.String({ maxLength: 20 }), to: id }),
};

export function moreRoutes(app: FastifyInstance, open: (hole: Hole) => boolean): void {
  const config = { access: "authenticated", tenant: "learner" } as const;
  const notes = new Map<string, Note>();
  const files = new Map<string, File>();
  const edges = new Map<string, Edge>();
  const missing = { code: "NOT_FOUND", detail: "There is no such thing." };
  const of = <T extends Kept>(kept: Map<string, T>, wanted: string, tenant: string, isOpen = false) => {
    const found = kept.get(wanted);
    return found !== undefined && (isOpen || found.tenant === tenant) ? found : undefined;
  };
  const view = ({ id: noteId, title, text }: Note) => ({ id: noteId, title, text });
  type Id = { Params: Type.Static<typeof schemas.id> };

  app.post<{ Body: Type.Static<typeof schemas.whole> }>("/api/notes", {
    config,
    schema: { body: schemas.whole },
    handler: async (request, reply) => {
      const note = { id: crypto.randomUUID(), tenant: request.tenant.id, ...request.body };
      notes.set(note.id, note);
      return reply.code(201).send(view(note));
    },
  });
  app.get<Id>("/api/notes/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const note = of(notes, request.params.id, request.tenant.id);
      return note === undefined ? reply.code(404).send(missing) : view(note);
    },
  });
  app.put<Id & { Body: Type.Static<typeof schemas.whole> }>("/api/notes/:id", {
    config,
    schema: { params: schemas.id, body: schemas.whole },
    handler: async (request, reply) => {
      const note = of(notes, request.params.id, request.tenant.id, open("whole-body"));
      if (note === undefined) return reply.code(404).send(missing);
      notes.set(note.id, { ...note, ...request.body });
      return { saved: 1 };
    },
  });

  app.post<Id & { Body: Type.Static<typeof schemas.link> }>("/api/notes/:id/edges", {
    config,
    schema: { params: schemas.id, body: schemas.link },
    handler: async (request, reply) => {
      const { id: from } = request.params;
      const { to_id: to, kind } = request.body;
      const [one, two] = [
        of(notes, from, request.tenant.id),
        of(notes, to, request.tenant.id, open("edge-into")),
      ];
      if (one === undefined || two === undefined || from === to) return reply.code(404).send(missing);
      edges.set(`${from} ${to}`, { tenant: request.tenant.id, from, to });
      return reply.code(201).send({ from_id: from, to_id: to, kind });
    },
  });
  app.delete<{ Params: Type.Static<typeof schemas.edge> }>("/api/notes/:id/edges/:kind/:to", {
    config,
    schema: { params: schemas.edge },
    handler: async (request, reply) => {
      const key = `${request.params.id} ${request.params.to}`;
      const edge = edges.get(key);
      if (edge === undefined || (!open("edge") && edge.tenant !== request.tenant.id))
        return reply.code(404).send(missing);
      edges.delete(key);
      return { deleted: 1 };
    },
  });

  void app.register(async (scope) => {
    scope.addContentTypeParser("multipart/form-data", { parseAs: "string" }, (_request, body, done) =>
      done(null, { body }),
    );
    scope.post<{ Body: { readonly body?: string } }>("/api/files", {
      config: { ...config, body: "raw" },
      handler: async (request, reply) => {
        const { body = "" } = request.body;
        const name = /filename="([^"]+)"/.exec(body)?.[1];
        if (name === undefined) return reply.code(400).send({ code: "NO_FILE", detail: "Send a file." });
        const file = {
          id: crypto.randomUUID(),
          tenant: request.tenant.id,
          name,
          content: body.split("\r\n\r\n")[1] ?? "",
        };
        files.set(file.id, file);
        return reply.code(201).send({ id: file.id, name });
      },
    });
  });
  app.get("/api/files", {
    config,
    handler: async (request) => ({
      items: [...files.values()]
        .filter(({ tenant }) => open("file-list") || tenant === request.tenant.id)
        .map(({ id: fileId, name }) => ({ id: fileId, name })),
    }),
  });
  app.get<Id>("/api/files/:id/content", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const file = of(files, request.params.id, request.tenant.id, open("file"));
      return file === undefined
        ? reply.code(404).send(missing)
        : reply.type("application/octet-stream").send(file.content);
    },
  });
  app.delete<Id>("/api/files/:id", {
    config,
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const file = of(files, request.params.id, request.tenant.id, open("file-delete"));
      if (file === undefined) return reply.code(404).send(missing);
      files.delete(file.id);
      return { deleted: 1 };
    },
  });
}
