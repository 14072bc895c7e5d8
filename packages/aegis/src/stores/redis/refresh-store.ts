/**
 * Refresh tokens in Redis. One account's families lie together (hash tag), so that a script sees them all, in a Cluster
 * too:
 *
 *   aegis:{account}:f:ID        the family (hash): as it was opened (JSON), its present token, how it ended
 *   aegis:{account}:f:ID:used   its tokens by number (sorted set), the last thousand
 *   aegis:{account}:families    ids by last use (sorted set)
 *   aegis:r:HASH                "account id" of the family of this token; proves nothing: the family must agree
 *   aegis:rs:SESSION            the account whose session this is
 *
 * A Redis that loses its last writes takes used tokens back into service and calls present ones unknown. Use this with
 * `appendfsync always` and without failover, or keep refresh tokens in PostgreSQL (`redisStores` does).
 */
import {
  FAMILIES_PER_ACCOUNT,
  type FamilyRef,
  type RefreshStore,
  type Rotation,
  type RotationChange,
  type TokenFamily,
  UNSETTLED_KEPT_MS,
  USED_TOKENS_KEPT,
} from "../../token/store.ts";
import { fieldsOf } from "./answers.ts";
import type { RedisCommands } from "./client.ts";
import { END, LIST, OPEN, ROTATE, SETTLE } from "./refresh-scripts.ts";
import { familyFrom } from "./token-family-json.ts";

interface Pointer extends FamilyRef {
  readonly expiresAt: number;
}

export class RedisRefreshStore implements RefreshStore {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async open(family: TokenFamily, tokenHash: string): Promise<readonly FamilyRef[]> {
    const { id, accountId } = family;
    // First the pointers: without their family they lead nowhere, and a family without them could not be ended.
    await Promise.all([this.#point(tokenHash, family), this.#pointSession(family)]);
    const ended = await OPEN.run(this.#redis, keysOf(family), [
      familyKey(accountId, ""),
      id,
      JSON.stringify(family),
      tokenHash,
      String(family.createdAt),
      String(family.lastUsedAt),
      String(family.refreshUntil),
      String(family.expiresAt),
      family.ip,
      family.userAgent,
      String(FAMILIES_PER_ACCOUNT),
      String(UNSETTLED_KEPT_MS),
    ]);
    return textsOf(ended).map((one) => ({ id: one, accountId }));
  }

  async find(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const pointer = await this.#pointer(tokenHash);
    if (pointer === undefined) return undefined;
    const key = familyKey(pointer.accountId, pointer.id);
    const fields = fieldsOf(await this.#redis.send(key, ["HGETALL", key]));
    const family =
      isLive(fields, now) && fields.get("current") === tokenHash ? familyFrom(fields) : undefined;
    return isOf(family, pointer) ? family : undefined;
  }

  async rotate(fromHash: string, change: RotationChange): Promise<Rotation> {
    const pointer = await this.#pointer(fromHash);
    if (pointer === undefined) return { outcome: "unknown" };
    await this.#point(change.toHash, pointer);
    const answer = await ROTATE.run(this.#redis, keysOf(pointer), [
      pointer.id,
      fromHash,
      change.toHash,
      String(change.now),
      String(change.refreshUntil),
      // None at all, also for a process whose clock is a little behind that of the winner.
      change.graceSeconds > 0 ? String(change.now - change.graceSeconds * 1000) : "",
      change.ip,
      change.userAgent,
      String(USED_TOKENS_KEPT),
    ]);
    const [outcome, forgotten, flat]: readonly unknown[] = Array.isArray(answer) ? answer : [];
    await this.#forget(outcome === "rotated" ? textsOf(forgotten) : [change.toHash]);
    if (outcome === "unknown" || outcome === "expired") return { outcome };
    const family = familyFrom(fieldsOf(flat));
    if (family === undefined || !isOf(family, pointer))
      throw new TypeError("a token family has no good form");
    if (outcome === "rotated" || outcome === "reused" || outcome === "ended" || outcome === "overtaken")
      return { outcome, family };
    throw new TypeError("a rotation was answered with a word that is not known");
  }

  async listByAccount(accountId: string, now: number): Promise<readonly TokenFamily[]> {
    const found = await LIST.run(this.#redis, [familiesKey(accountId)], [familyKey(accountId, "")]);
    return (Array.isArray(found) ? found : [])
      .map((flat: unknown) => fieldsOf(flat))
      .filter((fields) => isLive(fields, now))
      .flatMap((fields) => familyFrom(fields) ?? [])
      .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt);
  }

  async revokeByToken(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const pointer = await this.#pointer(tokenHash);
    if (pointer === undefined) return undefined;
    const { accountId, id } = pointer;
    const [, , used] = keysOf(pointer);
    const isRemembered = (await this.#redis.send(used, ["ZSCORE", used, tokenHash])) !== null;
    return isRemembered ? (await this.#end(accountId, now, { id }))[0] : undefined;
  }

  async revoke(accountId: string, id: string, now: number): Promise<boolean> {
    return (await this.#end(accountId, now, { id })).length === 1;
  }

  async revokeBySession(sessionId: string, now: number): Promise<readonly FamilyRef[]> {
    const accountId = await this.#redis.send(sessionKey(sessionId), ["GET", sessionKey(sessionId)]);
    return typeof accountId === "string" ? (await this.#end(accountId, now, { sessionId })).map(refOf) : [];
  }

  async revokeAll(accountId: string, now: number): Promise<readonly FamilyRef[]> {
    return (await this.#end(accountId, now, {})).map(refOf);
  }

  async settle(family: FamilyRef): Promise<boolean> {
    const hashes = await SETTLE.run(this.#redis, keysOf(family), [family.id]);
    if (!Array.isArray(hashes)) return false;
    await this.#forget(textsOf(hashes));
    return true;
  }

  /** Every key ends by itself. */
  async removeExpired(_now: number): Promise<number> {
    return 0;
  }

  async #end(
    accountId: string,
    now: number,
    { id = "", sessionId = "" }: { readonly id?: string; readonly sessionId?: string },
  ): Promise<readonly TokenFamily[]> {
    const args = [familyKey(accountId, ""), String(now), id, sessionId];
    const named = await END.run(this.#redis, [familiesKey(accountId)], args);
    return (Array.isArray(named) ? named : []).flatMap((flat: unknown) => familyFrom(fieldsOf(flat)) ?? []);
  }

  /** A used token is known for as long as its family could live: whoever comes with it later must be noticed. */
  async #point(tokenHash: string, { id, accountId, expiresAt }: Pointer): Promise<void> {
    const key = tokenKey(tokenHash);
    const over = String(expiresAt + UNSETTLED_KEPT_MS);
    await this.#redis.send(key, ["SET", key, `${accountId} ${id} ${expiresAt}`, "PXAT", over]);
  }

  async #pointSession({ sessionId, accountId, expiresAt }: TokenFamily): Promise<void> {
    const key = sessionKey(sessionId);
    const over = String(expiresAt + UNSETTLED_KEPT_MS);
    const isNew = (await this.#redis.send(key, ["SET", key, accountId, "PXAT", over, "NX"])) === "OK";
    if (!isNew) await this.#redis.send(key, ["PEXPIREAT", key, over, "GT"]);
  }

  async #pointer(tokenHash: string): Promise<Pointer | undefined> {
    const pointer = await this.#redis.send(tokenKey(tokenHash), ["GET", tokenKey(tokenHash)]);
    if (typeof pointer !== "string") return undefined;
    const [accountId = "", id = "", expiresAt] = pointer.split(" ");
    return { accountId, id, expiresAt: Number(expiresAt) };
  }

  /** Pointers to nothing: they only take room, and end by themselves where they cannot be taken away now. */
  async #forget(tokenHashes: readonly string[]): Promise<void> {
    const gone = tokenHashes.map((hash) => this.#redis.send(tokenKey(hash), ["DEL", tokenKey(hash)]));
    await Promise.allSettled(gone);
  }
}

const familyKey = (accountId: string, id: string): string => `aegis:{${accountId}}:f:${id}`;
const familiesKey = (accountId: string): string => `aegis:{${accountId}}:families`;
const tokenKey = (tokenHash: string): string => `aegis:r:${tokenHash}`;
const sessionKey = (sessionId: string): string => `aegis:rs:${sessionId}`;
const keysOf = ({ accountId, id }: FamilyRef): readonly [string, string, string] => [
  familiesKey(accountId),
  familyKey(accountId, id),
  `${familyKey(accountId, id)}:used`,
];

const refOf = ({ id, accountId }: TokenFamily): FamilyRef => ({ id, accountId });
const isOf = (family: TokenFamily | undefined, { id, accountId }: FamilyRef): boolean =>
  family?.id === id && family.accountId === accountId;
const isLive = (fields: ReadonlyMap<string, string>, now: number): boolean =>
  fields.get("ended") === "" &&
  Number(fields.get("refreshUntil")) > now &&
  Number(fields.get("expiresAt")) > now;
const textsOf = (answer: unknown): readonly string[] =>
  (Array.isArray(answer) ? answer : []).filter((one): one is string => typeof one === "string");
