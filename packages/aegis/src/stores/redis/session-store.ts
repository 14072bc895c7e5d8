/**
 * Sessions in Redis. One user's sessions lie together (hash tag), so that a script sees them all, in a Cluster too:
 *
 *   aegis:{user}:s:ID       the session, as JSON; gone by itself when it is over
 *   aegis:{user}:complete   ids by age (sorted set); likewise aegis:{user}:begun for unfinished sign-ins
 *   aegis:t:HASH            "user id" of the session with this token; proves nothing: the session must agree
 *
 * Changes are compared with what was read and written in one step (`SWAP`), and read again when that has changed.
 * Redis may lose its last writes when it dies. What was revoked is therefore kept in the revocation ledger too, and
 * whoever wires this store alone trusts Redis to be durable (appendfsync always, no failover).
 */
import { inTenant, type SessionRecord } from "../../session/record.ts";
import type { RevocationReason, SessionRef, SessionStore, TenantChange } from "../../session/store.ts";
import { type RedisCommands, redisScript } from "./client.ts";
import { parseSession } from "./session-json.ts";

/** `tidy` forgets members that are over at `now`, by Redis's clock or by the caller's. */
const SETS = `
local function tidy(set, prefix, now)
  for _, id in ipairs(redis.call('zrange', set, 0, -1)) do
    local json = redis.call('get', prefix .. id)
    local one = json and cjson.decode(json)
    if not one or one.idleExpiresAt <= now or one.absoluteExpiresAt <= now then redis.call('zrem', set, id) end
  end
end
local function end_one(set, prefix, id)
  local json = redis.call('get', prefix .. id)
  redis.call('del', prefix .. id)
  redis.call('zrem', set, id)
  return json
end
`;

/** KEYS: session, set. ARGV: json, id, createdAt, over at, absolute end, limit, prefix. */
const CREATE = redisScript(`${SETS}
local ended = {}
tidy(KEYS[2], ARGV[7], tonumber(ARGV[3]))
local extra = redis.call('zcard', KEYS[2]) - tonumber(ARGV[6]) + 1
if extra > 0 then
  for _, id in ipairs(redis.call('zrange', KEYS[2], 0, extra - 1)) do
    local json = end_one(KEYS[2], ARGV[7], id)
    if json then ended[#ended + 1] = json end
  end
end
redis.call('set', KEYS[1], ARGV[1], 'PXAT', ARGV[4])
redis.call('zadd', KEYS[2], ARGV[3], ARGV[2])
local left = redis.call('pexpiretime', KEYS[2])
if left < tonumber(ARGV[5]) then redis.call('pexpireat', KEYS[2], ARGV[5]) end
return ended`);

/**
 * KEYS: session. ARGV: last seen, idle end. Writes the two times into the text: encoding it again would turn empty lists
 * into objects. Quotes inside of a string are escaped, so that nothing a client wrote looks like one of the two.
 */
const TOUCH = redisScript(`
local json = redis.call('get', KEYS[1])
local one = json and cjson.decode(json)
local seen, idle = tonumber(ARGV[1]), tonumber(ARGV[2])
if not one or one.idleExpiresAt <= seen or one.absoluteExpiresAt <= seen then return 0 end
local function put(name, value)
  json = string.gsub(json, '"' .. name .. '":%d+', '"' .. name .. '":' .. string.format('%.0f', value), 1)
end
idle = math.max(idle, one.idleExpiresAt)
put('lastSeenAt', math.max(seen, one.lastSeenAt))
put('idleExpiresAt', idle)
redis.call('set', KEYS[1], json, 'PXAT', string.format('%.0f', math.min(idle, one.absoluteExpiresAt)))
return 1`);

/** KEYS: session. ARGV: what it must be, what it becomes, over at. */
const SWAP = redisScript(`
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
return 1`);

/** KEYS: set, set. ARGV: prefix, the id to keep or ''. */
const END_ALL = redisScript(`${SETS}
local ended = {}
for _, set in ipairs(KEYS) do
  for _, id in ipairs(redis.call('zrange', set, 0, -1)) do
    if id ~= ARGV[2] then
      local json = end_one(set, ARGV[1], id)
      if json then ended[#ended + 1] = json end
    end
  end
end
return ended`);

/** KEYS: set, set. ARGV: prefix, id. */
const END_ONE = redisScript(`${SETS}
local json = redis.call('get', ARGV[1] .. ARGV[2])
for _, set in ipairs(KEYS) do end_one(set, ARGV[1], ARGV[2]) end
return json`);

/** KEYS: set, set. ARGV: prefix. */
const LIST = redisScript(`
local found = {}
for _, set in ipairs(KEYS) do
  for _, id in ipairs(redis.call('zrange', set, 0, -1)) do
    local json = redis.call('get', ARGV[1] .. id)
    if json then found[#found + 1] = json end
  end
end
return found`);

const MOST_TRIES = 20;
const MOST_LISTED = 200;

interface Read {
  readonly json: string;
  readonly record: SessionRecord;
}

export class RedisSessionStore implements SessionStore {
  /** Redis may lose its last writes when it dies or fails over: the revocation ledger stands behind it. */
  readonly isDurable = false;
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async create(record: SessionRecord, limit: number): Promise<readonly SessionRecord[]> {
    const { userId } = record.subject;
    // First the pointer: without its session it leads nowhere, and a session without it could not be found.
    if (!(await this.#point(record.tokenHash, record, true))) throw new Error("this token hash is in use");
    const ended = await CREATE.run(
      this.#redis,
      [keyOf(userId, record.id), setOf(userId, record.stage === "complete" ? "complete" : "begun")],
      [
        JSON.stringify(record),
        record.id,
        String(record.createdAt),
        String(overAt(record)),
        String(record.absoluteExpiresAt),
        String(limit),
        keyOf(userId, ""),
      ],
    );
    return this.#forgetTokens(readAll(ended));
  }

  async findByTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined> {
    const pointer = await this.#redis.send(tokenKey(tokenHash), ["GET", tokenKey(tokenHash)]);
    if (typeof pointer !== "string") return undefined;
    const [userId = "", id = ""] = pointer.split(" ");
    const found = (await this.#read({ userId, id }))?.record;
    if (found === undefined || !isLive(found, now)) return undefined;
    if (found.tokenHash === tokenHash) return found;
    const inGrace = found.previousTokenHash === tokenHash && (found.graceUntil ?? 0) > now;
    return inGrace ? found : undefined;
  }

  /** In one step, because every request in flight may touch at the same moment. */
  async touch({ id, userId }: SessionRef, times: Parameters<SessionStore["touch"]>[1]): Promise<boolean> {
    const args = [String(times.lastSeenAt), String(times.idleExpiresAt)];
    return (await TOUCH.run(this.#redis, [keyOf(userId, id)], args)) === 1;
  }

  rotate(session: SessionRef, change: Parameters<SessionStore["rotate"]>[1]): Promise<boolean> {
    return this.#change(session, (record) =>
      record.tokenHash === change.fromHash && isLive(record, change.rotatedAt)
        ? {
            ...record,
            tokenHash: change.toHash,
            previousTokenHash: change.fromHash,
            graceUntil: change.graceUntil,
            rotatedAt: change.rotatedAt,
          }
        : undefined,
    );
  }

  prove(session: SessionRef, change: Parameters<SessionStore["prove"]>[1]): Promise<boolean> {
    return this.#change(session, (record) =>
      record.tokenHash === change.fromHash && isLive(record, change.provenAt)
        ? {
            ...record,
            tokenHash: change.toHash,
            previousTokenHash: null,
            graceUntil: null,
            rotatedAt: change.provenAt,
            provenAt: change.provenAt,
            aal: change.aal,
            methods: change.methods,
          }
        : undefined,
    );
  }

  enterTenant(session: SessionRef, change: TenantChange): Promise<boolean> {
    return this.#change(session, (record) =>
      record.tokenHash === change.fromHash && isLive(record, change.at)
        ? inTenant(record, change)
        : undefined,
    );
  }

  async listByUser(userId: string, now: number): Promise<readonly SessionRecord[]> {
    const found = readAll(await LIST.run(this.#redis, setsOf(userId), [keyOf(userId, "")]));
    return found
      .filter((record) => isLive(record, now))
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .slice(0, MOST_LISTED);
  }

  async revoke(userId: string, id: string, _reason: RevocationReason): Promise<boolean> {
    const json = await END_ONE.run(this.#redis, setsOf(userId), [keyOf(userId, ""), id]);
    return (await this.#forgetTokens(readAll([json]))).length === 1;
  }

  async revokeAll(userId: string, _reason: RevocationReason, exceptId = ""): Promise<number> {
    const ended = await END_ALL.run(this.#redis, setsOf(userId), [keyOf(userId, ""), exceptId]);
    return (await this.#forgetTokens(readAll(ended))).length;
  }

  /** Every key ends by itself. */
  async removeExpired(_now: number): Promise<number> {
    return 0;
  }

  async #read({ userId, id }: SessionRef): Promise<Read | undefined> {
    const key = keyOf(userId, id);
    const json = await this.#redis.send(key, ["GET", key]);
    if (typeof json !== "string") return undefined;
    const record = parseSession(json);
    return record?.subject.userId === userId && record.id === id ? { json, record } : undefined;
  }

  async #change(
    session: SessionRef,
    changed: (record: SessionRecord) => SessionRecord | undefined,
  ): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const read = await this.#read(session);
      const next = read === undefined ? undefined : changed(read.record);
      if (read === undefined || next === undefined) return false;
      const isRenamed = next.tokenHash !== read.record.tokenHash;
      if (isRenamed) await this.#point(next.tokenHash, next, false);
      const key = keyOf(session.userId, session.id);
      const swapped = await SWAP.run(
        this.#redis,
        [key],
        [read.json, JSON.stringify(next), String(overAt(next))],
      );
      if (swapped === 1) return true;
      if (isRenamed) await this.#redis.send(tokenKey(next.tokenHash), ["DEL", tokenKey(next.tokenHash)]);
    }
    throw new Error(`session ${session.id} changes faster than it can be written`);
  }

  /** Says which session a token belongs to. `anew`: only if none does. */
  async #point(tokenHash: string, { id, subject, absoluteExpiresAt }: SessionRecord, anew: boolean) {
    const key = tokenKey(tokenHash);
    const set = ["SET", key, `${subject.userId} ${id}`, "PXAT", String(absoluteExpiresAt)];
    return (await this.#redis.send(key, anew ? [...set, "NX"] : set)) === "OK";
  }

  /** Tokens of ended sessions lead nowhere already; their keys only take room. */
  async #forgetTokens(ended: readonly SessionRecord[]): Promise<readonly SessionRecord[]> {
    const keys = ended.flatMap(({ tokenHash, previousTokenHash }) =>
      [tokenHash, previousTokenHash].filter((hash) => hash !== null).map(tokenKey),
    );
    await Promise.all(keys.map((key) => this.#redis.send(key, ["DEL", key])));
    return ended;
  }
}

const keyOf = (userId: string, id: string): string => `aegis:{${userId}}:s:${id}`;
const setOf = (userId: string, kind: "complete" | "begun"): string => `aegis:{${userId}}:${kind}`;
const setsOf = (userId: string): readonly [string, string] => [
  setOf(userId, "complete"),
  setOf(userId, "begun"),
];
const tokenKey = (tokenHash: string): string => `aegis:t:${tokenHash}`;
const overAt = ({ idleExpiresAt, absoluteExpiresAt }: SessionRecord): number =>
  Math.min(idleExpiresAt, absoluteExpiresAt);
const isLive = (record: SessionRecord, now: number): boolean => overAt(record) > now;

const readAll = (answer: unknown): readonly SessionRecord[] =>
  (Array.isArray(answer) ? answer : []).flatMap((json: unknown) => {
    const record = typeof json === "string" ? parseSession(json) : undefined;
    return record === undefined ? [] : [record];
  });
