/** What can be done with sessions, in the words of the domain; the only caller of the store. */
import { sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { forRoles } from "../lib/pace.ts";
import type { Random } from "../lib/random.ts";
import type { Aal, Principal, SignInStage } from "../request.ts";
import { TOKEN_BYTES } from "./cookie.ts";
import { absoluteExpiry, idleExpiry, isRotationDue, isTouchDue } from "./lifetime.ts";
import type { SessionPolicy } from "./policy.ts";
import { inTenant, type SessionRecord } from "./record.ts";
import type { SessionStore } from "./store.ts";

export interface SessionOrigin {
  readonly ip: string;
  readonly userAgent: string;
}

/** What a sign-in has shown so far, and how long an unfinished one may take. */
export interface SignInFacts {
  readonly rememberMe: boolean;
  readonly stage: SignInStage;
  readonly aal: Aal;
  readonly methods: readonly string[];
  /** Unfinished sign-ins end after so long, whatever the policy says of sessions. */
  readonly withinSeconds?: number;
}

/** A session that a request resolved to; `newToken` when the cookie must be replaced. */
export interface Resolved {
  readonly record: SessionRecord;
  readonly newToken: string | undefined;
}

export interface SessionService {
  readonly store: SessionStore;
  /**
   * A new session with a new token, and those that it ended because the user has too many. The caller ends the one
   * that the request came with, if any.
   */
  start(
    subject: Principal,
    origin: SessionOrigin,
    facts: SignInFacts,
  ): Promise<{ record: SessionRecord; token: string; ended: readonly SessionRecord[] }>;
  /** Notes a fresh proof and replaces the token; undefined when the session has ended or was replaced meanwhile. */
  prove(
    record: SessionRecord,
    facts: Pick<SignInFacts, "aal" | "methods">,
  ): Promise<{ record: SessionRecord; token: string } | undefined>;
  /** Works in another tenant from now on, under a new token; undefined when the session has ended or was replaced. */
  enterTenant(
    record: SessionRecord,
    tenantId: string | null,
  ): Promise<{ record: SessionRecord; token: string } | undefined>;
  /** The live session of a token; `active` counts as activity and may rotate the token. */
  resolve(token: string, use: "active" | "passive"): Promise<Resolved | undefined>;
  /** The same where memory knows and nothing is to be written; undefined says nothing but "resolve". */
  peek(token: string, use: "active" | "passive"): Resolved | undefined;
  /** Counts as activity at once; undefined when the session has ended meanwhile. */
  extend(record: SessionRecord): Promise<SessionRecord | undefined>;
  /** Takes sessions that are over out of the store; how many. */
  removeExpired(): Promise<number>;
}

export function sessionService(
  policy: DeepReadonly<SessionPolicy>,
  store: SessionStore,
  clock: Clock,
  random: Random,
): SessionService {
  /** As everybody's, but for a probe account, whose time runs faster. */
  const policyOf = ({ roles }: Pick<Principal, "roles">): DeepReadonly<SessionPolicy> =>
    forRoles("session", policy, roles);

  const touch = async (record: SessionRecord, now: number): Promise<SessionRecord | undefined> => {
    const times = {
      lastSeenAt: now,
      idleExpiresAt: idleExpiry(policyOf(record.subject), record.rememberMe, now, record.absoluteExpiresAt),
    };
    return (await store.touch(refOf(record), times)) ? { ...record, ...times } : undefined;
  };

  const rotate = async (record: SessionRecord, now: number): Promise<string | undefined> => {
    const token = random.token(TOKEN_BYTES);
    const won = await store.rotate(refOf(record), {
      fromHash: record.tokenHash,
      toHash: sha256(token),
      rotatedAt: now,
      graceUntil: now + policyOf(record.subject).rotationGraceSeconds * 1000,
    });
    return won ? token : undefined; // a parallel request won; its answer carries the new cookie
  };

  return {
    store,
    async start(subject, origin, { rememberMe, stage, aal, methods, withinSeconds }) {
      const now = clock.now();
      const own = policyOf(subject);
      const remembered = rememberMe && own.rememberMe.enabled;
      const absoluteExpiresAt = Math.min(
        absoluteExpiry(own, remembered, now),
        withinSeconds === undefined ? Number.POSITIVE_INFINITY : now + withinSeconds * 1000,
      );
      const token = random.token(TOKEN_BYTES);
      const record: SessionRecord = {
        id: random.uuid(),
        tokenHash: sha256(token),
        previousTokenHash: null,
        graceUntil: null,
        subject,
        stage,
        aal,
        methods,
        provenAt: now,
        rememberMe: remembered,
        createdAt: now,
        lastSeenAt: now,
        rotatedAt: now,
        idleExpiresAt: idleExpiry(own, remembered, now, absoluteExpiresAt),
        absoluteExpiresAt,
        ip: origin.ip,
        userAgent: origin.userAgent.slice(0, 256),
      };
      const ended = await store.create(record, policy.concurrentLimit);
      return { record, token, ended };
    },

    async prove(record, { aal, methods }) {
      const token = random.token(TOKEN_BYTES);
      const change = {
        fromHash: record.tokenHash,
        toHash: sha256(token),
        provenAt: clock.now(),
        aal,
        methods,
      };
      if (!(await store.prove(refOf(record), change))) return undefined;
      return {
        token,
        record: {
          ...record,
          tokenHash: change.toHash,
          previousTokenHash: null,
          graceUntil: null,
          rotatedAt: change.provenAt,
          provenAt: change.provenAt,
          aal,
          methods,
        },
      };
    },

    async enterTenant(record, tenantId) {
      const token = random.token(TOKEN_BYTES);
      const change = { fromHash: record.tokenHash, toHash: sha256(token), at: clock.now(), tenantId };
      if (!(await store.enterTenant(refOf(record), change))) return undefined;
      return { token, record: inTenant(record, change) };
    },

    async resolve(token, use) {
      const now = clock.now();
      const tokenHash = sha256(token);
      const found = await store.findByTokenHash(tokenHash, now);
      if (found === undefined) return undefined;
      if (use === "passive") return { record: found, newToken: undefined };
      const own = policyOf(found.subject);
      const record = isTouchDue(own, found, now) ? await touch(found, now) : found;
      if (record === undefined) return undefined; // revoked between the two statements
      const present = tokenHash === record.tokenHash;
      const newToken = present && isRotationDue(own, record, now) ? await rotate(record, now) : undefined;
      return { record, newToken };
    },

    peek(token, use) {
      if (store.peek === undefined) return undefined;
      const now = clock.now();
      const tokenHash = sha256(token);
      const record = store.peek(tokenHash, now);
      if (record === undefined) return undefined;
      const own = policyOf(record.subject);
      const isDue = isTouchDue(own, record, now) || isRotationDue(own, record, now);
      return isDue && use === "active" ? undefined : { record, newToken: undefined };
    },

    extend: (record) => touch(record, clock.now()),
    removeExpired: () => store.removeExpired(clock.now()),
  };
}

const refOf = ({ id, subject }: SessionRecord) => ({ id, userId: subject.userId });
