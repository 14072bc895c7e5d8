import type { FastifyInstance } from "fastify";
import Type from "typebox";
import type { Clock } from "../lib/clock.ts";
import { rowId } from "../lib/schema.ts";
import { type FoundEntry, isIntact } from "./chain.ts";
import type { HeadKeys, HeadSigner } from "./heads.ts";
import type { AuditLogStore } from "./store.ts";
import { type ChainReport, verifyChain } from "./verify.ts";
import type { WriterState } from "./writer.ts";

export interface AuditRoutesWiring {
  readonly store: AuditLogStore;
  readonly signer: HeadSigner;
  readonly keys: () => HeadKeys;
  readonly clock: Clock;
  readonly state: () => WriterState;
  /** The keyed hash that the log has in place of an address. */
  readonly sourceOf: (address: string) => string;
}

const time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?Z$" });
const query = Type.Object(
  {
    /** Only entries before this number: the `next` of the page before. */
    before: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,14}$" })),
    limit: Type.Optional(Type.String({ pattern: "^([1-9]|[1-9][0-9]|100)$" })),
    event: Type.Optional(Type.String({ pattern: "^[a-z_]{1,32}\\.[a-z_]{0,32}$" })),
    outcome: Type.Optional(Type.Enum(["success", "failure"])),
    user_id: Type.Optional(rowId()),
    address: Type.Optional(Type.String({ pattern: "^[0-9A-Fa-f:.]{2,45}$" })),
    since: Type.Optional(time),
    until: Type.Optional(time),
  },
  { additionalProperties: false },
);

/** The end of the chain that is looked at whenever somebody looks; the whole of it is `aegis audit verify`. */
const CHECKED = 500;
/** At most so often, however many look. */
const GOOD_FOR_MS = 10_000;

/** The audit log, for administrators (DAT-4): by number, so that any page costs what the first does (DAT-2). */
export function auditRoutes(app: FastifyInstance, wiring: AuditRoutesWiring): void {
  const { store, signer, clock } = wiring;
  let last: { readonly at: number; readonly made: Promise<ChainReport> } | undefined;
  const checked = (): Promise<ChainReport> => {
    const now = clock.now();
    if (last === undefined || Math.abs(now - last.at) >= GOOD_FOR_MS) {
      const made = checkedEnd(wiring);
      last = { at: now, made };
      made.catch(() => (last = undefined));
    }
    return last.made;
  };

  app.get<{ Querystring: Type.Static<typeof query> }>("/api/admin/audit", {
    config: { access: "role:admin", requireAal: 2 },
    schema: { querystring: query },
    handler: async ({ query: asked }) => {
      const limit = Number(asked.limit ?? "50");
      const [found, head, signed, report] = await Promise.all([
        store.page({
          limit: limit + 1,
          before: asked.before === undefined ? undefined : Number(asked.before),
          event: asked.event,
          outcome: asked.outcome,
          userId: asked.user_id,
          source: asked.address === undefined ? undefined : wiring.sourceOf(asked.address),
          since: instant(asked.since),
          until: instant(asked.until),
        }),
        store.head(),
        store.lastHead(),
        checked(),
      ]);
      const { waiting, lost, failing, brokenAt } = wiring.state();
      return {
        items: found.slice(0, limit).map(viewOf),
        limit,
        next: found.length > limit ? (found[limit - 1]?.seq ?? null) : null,
        chain: {
          entries: head.seq,
          hash: head.hash,
          signed_head: signed ?? null,
          public_key: signer.jwk,
          checked: report.entries,
          problems: report.problems.map(({ seq, kind }) => ({ seq, kind })),
          broken_at: brokenAt,
          waiting,
          lost,
          failing,
        },
      };
    },
  });
}

const instant = (text: string | undefined): string | undefined =>
  text === undefined || !Number.isFinite(Date.parse(text)) ? undefined : new Date(text).toISOString();

/** The last entries, held against themselves and the heads that were signed among them. */
async function checkedEnd({ store, keys }: AuditRoutesWiring): Promise<ChainReport> {
  const { seq } = await store.head();
  const after = Math.max(0, seq - CHECKED);
  const [lines, heads] = await Promise.all([store.lines(after, CHECKED), store.heads(after, CHECKED)]);
  return verifyChain(
    lines.map(({ line }) => line),
    { keys: keys(), heads, after },
  );
}

/** One that is not what its hash says shows nothing but that. */
function viewOf(entry: FoundEntry) {
  const { seq, hash } = entry;
  if (!isIntact(entry)) return { seq, hash, intact: false };
  const { id, ...record } = entry.record;
  return { seq, hash, intact: true, id, ...record };
}
