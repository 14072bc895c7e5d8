/** LIST 2, continued: what happens, counted and shown. It refuses nothing. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Audit } from "./audit/auditor.ts";
import { keyRingSealer, SealError } from "./crypto/sealer.ts";
import { addressKeys, type LimitsWiring } from "./fastify-limits.ts";
import { deriveKey, hmac, macKey } from "./lib/bytes.ts";
import type { Clock } from "./lib/clock.ts";
import { systemRandom } from "./lib/random.ts";
import { secretKeys } from "./lib/secret-keys.ts";
import { monitor } from "./monitor/enforce.ts";
import { type BanView, type LimitRow, overviews } from "./monitor/overview.ts";
import { monitorRoutes } from "./monitor/routes.ts";
import { tallies as talliesIn } from "./monitor/tally.ts";
import { limitsOf } from "./rate-limit/enforce.ts";
import { sessionError } from "./session/errors.ts";
import { listView } from "./session/routes.ts";
import type { SessionStore } from "./session/store.ts";

export interface MonitorParts {
  readonly wiring: LimitsWiring;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly userIdOf: (request: FastifyRequest) => string | undefined;
  /** The same, counted by name in this process. */
  readonly figures: {
    listen(told: { readonly event: string }): void;
    exceeded(limit: string): void;
  };
}

/** The pages that everybody reads are hashed once; forgotten all at once, and nothing long is kept. */
function remembered(hash: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = hash(text);
    if (text.length > 256) return made;
    if (known.size >= 2000) known.clear();
    known.set(text, made);
    return made;
  };
}

/** What was counted goes to the store so often: a crash loses a second of a picture. */
const FLUSH_EVERY_MS = 1000;
/** An outage is one line a minute. */
const QUIET_MS = 60_000;

export function monitoring(
  app: FastifyInstance,
  { wiring, audit: write, clock, userIdOf, figures }: MonitorParts,
) {
  const { policy } = wiring;
  const secrets = secretKeys(wiring);
  const tallies = talliesIn(wiring.monitor, clock);
  const key = macKey(deriveKey(secrets.eldest(), "monitor"));
  const sealer = keyRingSealer(secrets, "monitor", systemRandom);
  const counting = monitor({
    tallies,
    keys: addressKeys(wiring),
    clock,
    // 96 bits: no two names of half an hour meet.
    hash: (text) => hmac(key, text).slice(0, 16),
    hashPage: remembered((url) => hmac(key, `page ${url}`).slice(0, 16)),
    seal: (text, place) => sealer.seal(text, place),
    userIdOf,
    limitsOf,
  });

  let lastTrouble = Number.NEGATIVE_INFINITY;
  const onTrouble = (error: unknown): void => {
    if (clock.now() - lastTrouble < QUIET_MS) return;
    lastTrouble = clock.now();
    app.log.warn({ err: error }, "the store of what happens is away: the security page misses these minutes");
  };
  let timer: NodeJS.Timeout | undefined;
  app.addHook("onReady", async () => {
    timer = setInterval(() => void tallies.flush().catch(onTrouble), FLUSH_EVERY_MS).unref();
  });
  app.addHook("onClose", async () => {
    clearInterval(timer);
    await tallies.flush().catch(onTrouble);
  });
  counting.enforce(app);

  const audit: Audit = (request, event) => {
    write(request, event);
    counting.listen(request, event);
    figures.listen(event);
  };
  const limits: readonly LimitRow[] = [
    ...Object.entries(policy.rateLimit.limits).map(([name, rate]) => ({ name, rate })),
    ...policy.rateLimit.own.map((entry) => {
      const [name = "", rate = ""] = entry.split("=");
      return { name, rate };
    }),
  ];

  return {
    audit,
    exceeded: (request: FastifyRequest, limit: string) => {
      counting.exceeded(request, limit);
      figures.exceeded(limit);
    },
    routes(parts: {
      readonly sessions: SessionStore;
      readonly listBans: () => Promise<readonly BanView[]>;
    }): void {
      const { sessions } = parts;
      const live = async (userId: string, id: string) => {
        const now = clock.now();
        const record = (await sessions.listByUser(userId, now)).find((one) => one.id === id);
        // A list is the store's word alone; what is revoked is known by whom a token is looked up.
        const found =
          record === undefined ? undefined : await sessions.findByTokenHash(record.tokenHash, now);
        return found?.id === id ? found : undefined;
      };
      monitorRoutes(app, {
        overview: overviews({
          store: wiring.monitor,
          tallies,
          clock,
          limits,
          listBans: parts.listBans,
          open: (label, place) => {
            try {
              return sealer.open(label, place);
            } catch (error) {
              if (error instanceof SealError) return undefined;
              throw error;
            }
          },
        }),
        mayWatch: async ({ userId, sessionId }) => {
          const record = await live(userId, sessionId);
          return record?.stage === "complete" && record.aal === 2 && record.subject.roles.includes("admin");
        },
        describe: async ({ userId, sessionId }) => {
          const record = await live(userId, sessionId);
          if (record === undefined) return undefined;
          return { ...listView(record), user: { id: userId, username: record.subject.username } };
        },
        revoke: (userId, id) => sessions.revoke(userId, id, "admin"),
        notFound: () => sessionError("AEGIS_SESSION_NOT_FOUND"),
        onRevoked: (request, { userId, sessionId }) =>
          audit(request, {
            event: "session.ended",
            outcome: "success",
            user_id: userId,
            session_id: sessionId,
            facts: { reason: "admin", count: 1, by: request.principal.userId },
          }),
        onTrouble,
      });
    },
  };
}
