/** Hono with its middleware (secure-headers, csrf, zod-validator), hono-sessions and hono-rate-limiter in Redis. */
import { getConnInfo } from "@hono/node-server/conninfo";
import { serve as listen } from "@hono/node-server";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { RedisStore, rateLimiter } from "hono-rate-limiter";
import { sessionMiddleware } from "hono-sessions";
import { createClient } from "redis";
import { z } from "zod";
import { given, HIGH_LIMIT, HOUR_MS, itemAnswer, LOW_LIMIT, PAGE, serve } from "../../servers/shared.ts";
import { people } from "./people.mjs";

const redis = createClient({ url: given("REDIS_URL") });
await redis.connect();
const { signIn } = await people();

const SECONDS = 900;
const keep = (id, data) => redis.set(`session:${id}`, JSON.stringify(data), { EX: SECONDS });
const sessions = sessionMiddleware({
  store: {
    async getSessionById(id) {
      const text = id === undefined ? null : await redis.get(`session:${id}`);
      return text === null ? null : JSON.parse(text);
    },
    createSession: keep,
    persistSessionData: keep,
    deleteSession: (id) => redis.del(`session:${id}`),
  },
  encryptionKey: "a secret of at least thirty-two characters",
  expireAfterSeconds: SECONDS,
  cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true },
});

const client = {
  scriptLoad: (script) => redis.scriptLoad(script),
  evalsha: (sha, keys, args) => redis.evalSha(sha, { keys, arguments: args.map(String) }),
  decr: (key) => redis.decr(key),
  del: (key) => redis.del(key),
};
const limit = (prefix, most) =>
  rateLimiter({
    windowMs: HOUR_MS,
    limit: most,
    keyGenerator: (c) => getConnInfo(c).remote.address ?? "",
    store: new RedisStore({ client, prefix }),
  });
const item = z.strictObject({
  title: z.string().min(1).max(100),
  quantity: z.int().min(1).max(1000),
  tags: z.array(z.string().min(1).max(32)).max(10),
});
const credentials = z.strictObject({ username: z.string().max(254), password: z.string().max(4096) });

const guard = async (c, next) =>
  c.get("session").get("user") === null ? c.json({ error: "sign in" }, 401) : next();
const admin = async (c, next) =>
  c.get("session").get("user").roles.includes("admin") ? next() : c.json({ error: "forbidden" }, 403);

const expiryOf = (session) => session.getCache()["_expire"];

const app = new Hono();
app.use(secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } }));
app.get("/bench/limited", limit("low:", LOW_LIMIT), (c) => c.json(PAGE));
app.use(limit("all:", HIGH_LIMIT));
app.use(csrf());
app.use(sessions);
app.post("/bench/login", zValidator("json", credentials), async (c) => {
  const user = await signIn(c.req.valid("json"));
  if (user === undefined) return c.json({ error: "wrong" }, 401);
  c.get("session").set("user", user);
  c.set("session_key_rotation", true);
  return c.json({ user });
});
app.get("/bench/me", guard, (c) => c.json(PAGE));
app.get("/bench/admin", guard, admin, (c) => c.json(PAGE));
app.get("/bench/session", guard, (c) => {
  const session = c.get("session");
  return c.json({ user: session.get("user"), expires: expiryOf(session) });
});
app.post("/bench/refresh", guard, (c) => {
  const session = c.get("session");
  session.touch();
  return c.json({ expires: expiryOf(session) });
});
app.post("/bench/item", guard, zValidator("json", item), (c) => c.json(itemAnswer(c.req.valid("json"))));
const server = listen({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, () => serve(server.address()));
server.keepAliveTimeout = 65_000;
