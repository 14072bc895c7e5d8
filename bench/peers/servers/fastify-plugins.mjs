/** Fastify with its official plugins: helmet, cookie, session in Redis, csrf-protection, rate-limit in Redis. */
import cookie from "@fastify/cookie";
import csrf from "@fastify/csrf-protection";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import session from "@fastify/session";
import { RedisStore } from "connect-redis";
import Fastify from "fastify";
import { Redis } from "ioredis";
import { createClient } from "redis";
import {
  given,
  HIGH_LIMIT,
  HOUR_MS,
  itemAnswer,
  itemSchema,
  LOW_LIMIT,
  PAGE,
  serve,
} from "../../servers/shared.ts";
import { people } from "./people.mjs";

const redis = createClient({ url: given("REDIS_URL") });
await redis.connect();
const { signIn } = await people();
const app = Fastify({ keepAliveTimeout: 65_000 });
await app.register(helmet);
await app.register(rateLimit, { global: false, redis: new Redis(given("REDIS_URL")) });
await app.register(cookie);
await app.register(session, {
  store: new RedisStore({ client: redis }),
  secret: "a secret of thirty-two characters",
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: "lax", secure: false, maxAge: 900_000 },
});
await app.register(csrf, { sessionPlugin: "@fastify/session" });
const csrfCheck = (request, reply, done) => app.csrfProtection(request, reply, done);

// Named on each route and before the guard: as a global limit it would run after it, and let refusals go uncounted.
const limited = app.rateLimit({ max: HIGH_LIMIT, timeWindow: HOUR_MS });
const guard = async (request, reply) =>
  request.session.user === undefined ? reply.code(401).send({ error: "sign in" }) : undefined;
const admin = async (request, reply) =>
  request.session.user.roles.includes("admin") ? undefined : reply.code(403).send({ error: "forbidden" });
const credentials = {
  type: "object",
  required: ["username", "password"],
  additionalProperties: false,
  properties: {
    username: { type: "string", maxLength: 254 },
    password: { type: "string", maxLength: 4096 },
  },
};

app.get(
  "/bench/limited",
  { config: { rateLimit: { max: LOW_LIMIT, timeWindow: HOUR_MS } } },
  async () => PAGE,
);
app.post("/bench/login", { onRequest: limited, schema: { body: credentials } }, async (request, reply) => {
  const user = await signIn(request.body);
  if (user === undefined) return reply.code(401).send({ error: "wrong" });
  await request.session.regenerate();
  request.session.user = user;
  return { user };
});
app.get("/bench/csrf", { onRequest: [limited, guard] }, async (_request, reply) => ({
  csrf_token: reply.generateCsrf(),
}));
app.get("/bench/me", { onRequest: [limited, guard] }, async () => PAGE);
app.get("/bench/admin", { onRequest: [limited, guard, admin] }, async () => PAGE);
app.get(
  "/bench/session",
  { onRequest: [limited, guard] },
  async ({
    session: {
      user,
      cookie: { expires },
    },
  }) => ({
    user,
    expires,
  }),
);
app.post("/bench/refresh", { onRequest: [limited, guard, csrfCheck] }, async (request) => {
  request.session.touch();
  return { expires: request.session.cookie.expires };
});
app.post(
  "/bench/item",
  { onRequest: [limited, guard, csrfCheck], schema: { body: itemSchema } },
  async ({ body }) => itemAnswer(body),
);
await app.listen({ host: "127.0.0.1", port: 0 });
serve(app.server.address());
