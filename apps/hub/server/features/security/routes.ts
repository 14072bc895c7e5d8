/** What the security pages ask for beyond what the library tells of itself. For administrators with a second step. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { securityError } from "./errors.ts";
import { MOST_RUNS, type Proofs, proofsIn, type SavedRun } from "./proofs.ts";
import { postureOf, proofOf, targetsOf } from "./posture.ts";
import { type UpkeepParts, upkeepOf } from "./upkeep.ts";

const admin = { access: "role:admin", requireAal: 2 } as const;
const target = Type.Object(
  { target: Type.Optional(Type.String({ pattern: "^https?://[A-Za-z0-9.:\\[\\]-]{1,255}$" })) },
  { additionalProperties: false },
);
const control = Type.Object({
  control: Type.String({ pattern: "^[a-z][a-zA-Z0-9-]{0,30}\\.[a-zA-Z0-9][a-zA-Z0-9-]{0,50}$" }),
});
type Target = Type.Static<typeof target>;

export function securityRoutes(app: FastifyInstance, parts: UpkeepParts): void {
  const proofs: Proofs = proofsIn(parts.places.proofsDirectory);
  /** Of the target that is asked for; otherwise of the one that was looked at last. */
  const chosen = (runs: readonly SavedRun[], wanted: string | undefined) => {
    const origin = wanted ?? targetsOf(runs)[0]?.origin;
    return { origin, own: runs.filter(({ run }) => run.origin === origin) };
  };

  app.get<{ Querystring: Target }>("/api/admin/posture", {
    config: admin,
    schema: { querystring: target },
    handler: async (request) => {
      const { runs, problems, leftOut } = await proofs.read();
      const { origin, own } = chosen(runs, request.query.target);
      return {
        folder: parts.places.proofsDirectory,
        most_runs: MOST_RUNS,
        left_out: leftOut,
        problems,
        targets: targetsOf(runs),
        target: origin ?? null,
        public_origin: parts.publicOrigin ?? null,
        running_policy: app.aegis.fingerprint,
        ...postureOf(own, app.aegis.fingerprint),
      };
    },
  });

  app.get<{ Params: Type.Static<typeof control>; Querystring: Target }>(
    "/api/admin/posture/controls/:control",
    {
      config: admin,
      schema: { params: control, querystring: target },
      handler: async (request) => {
        const { own } = chosen((await proofs.read()).runs, request.query.target);
        const { control: id } = request.params;
        const saved = own.findLast(({ run }) => run.reachable && run.findings.some((one) => one.id === id));
        const run = saved === undefined ? undefined : await proofs.whole(saved.file);
        const finding = run?.findings.find((one) => one.id === id);
        if (saved === undefined || finding === undefined) throw securityError("HUB_PROOF_NOT_FOUND");
        return proofOf(finding, saved, own);
      },
    },
  );

  app.get("/api/admin/upkeep", { config: admin, handler: () => upkeepOf(parts) });
}
