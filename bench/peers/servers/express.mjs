/** Express with helmet, express-session in Redis, csrf-sync, express-rate-limit in Redis, and zod for bodies. */
import { RedisStore } from "connect-redis";
import { csrfSync } from "csrf-sync";
import express from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import helmet from "helmet";
import { RedisStore as LimitStore } from "rate-limit-redis";
import { createClient } from "redis";
import { z } from "zod";
import { given, HIGH_LIMIT, HOUR_MS, itemAnswer, LOW_LIMIT, PAGE, serve } from "../../servers/shared.ts";
import { people } from "./people.mjs";

const redis = createClient({ url: given("REDIS_URL") });
await redis.connect();
const { signIn } = await people();
const item = z.strictObject({
  title: z.string().min(1).max(100),
  quantity: z.int().min(1).max(1000),
  tags: z.array(z.string().min(1).max(32)).max(10),
});
const credentials = z.strictObject({ username: z.string().max(254), password: z.string().max(4096) });
const limit = (prefix, most) =>
  rateLimit({
    windowMs: HOUR_MS,
    limit: most,
    standardHeaders: "draft-7",
    legacyHeaders: false,
    store: new LimitStore({ prefix, sendCommand: (...args) => redis.sendCommand(args) }),
  });
const { csrfSynchronisedProtection, generateToken } = csrfSync();

const app = express();
app.use(helmet());
app.get("/bench/limited", limit("low:", LOW_LIMIT), (_request, response) => response.json(PAGE));
app.use(limit("all:", HIGH_LIMIT));
app.use(
  session({
    store: new RedisStore({ client: redis }),
    secret: "a secret of thirty-two characters",
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: "lax", maxAge: 900_000 },
  }),
);
const guard = (request, response, next) =>
  request.session.user === undefined ? response.status(401).json({ error: "sign in" }) : next();
const admin = (request, response, next) =>
  request.session.user.roles.includes("admin") ? next() : response.status(403).json({ error: "forbidden" });
const body = (schema) => (request, response, next) => {
  const read = schema.safeParse(request.body);
  if (!read.success) return response.status(400).json({ error: "invalid" });
  request.body = read.data;
  next();
};

app.post("/bench/login", express.json(), body(credentials), async (request, response) => {
  const user = await signIn(request.body);
  if (user === undefined) return response.status(401).json({ error: "wrong" });
  await new Promise((done, fail) => request.session.regenerate((error) => (error ? fail(error) : done())));
  request.session.user = user;
  response.json({ user });
});
app.get("/bench/csrf", guard, (request, response) => response.json({ csrf_token: generateToken(request) }));
app.get("/bench/me", guard, (_request, response) => response.json(PAGE));
app.get("/bench/admin", guard, admin, (_request, response) => response.json(PAGE));
app.get("/bench/session", guard, ({ session: { user, cookie } }, response) =>
  response.json({ user, expires: cookie.expires }),
);
app.post("/bench/refresh", csrfSynchronisedProtection, guard, (request, response) => {
  request.session.touch();
  response.json({ expires: request.session.cookie.expires });
});
app.post("/bench/item", csrfSynchronisedProtection, guard, express.json(), body(item), (request, response) =>
  response.json(itemAnswer(request.body)),
);
const server = app.listen(0, "127.0.0.1", () => serve(server.address()));
server.keepAliveTimeout = 65_000;
