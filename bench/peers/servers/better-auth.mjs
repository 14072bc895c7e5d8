/** better-auth on node:http: people in PostgreSQL, sessions and rate limits in Redis. It brings no headers and no schema. */
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import pg from "pg";
import { createClient } from "redis";
import {
  given,
  HIGH_LIMIT,
  HOUR_MS,
  LOW_LIMIT,
  PAGE,
  PEOPLE,
  personOf,
  serve,
} from "../../servers/shared.ts";

const redis = createClient({ url: given("REDIS_URL") });
await redis.connect();
const seconds = HOUR_MS / 1000;
const free = { window: seconds, max: HIGH_LIMIT };
const options = {
  database: new pg.Pool({ connectionString: given("DATABASE_URL"), max: 10 }),
  basePath: "/api/auth",
  baseURL: process.env.ORIGIN,
  trustedOrigins: ["http://127.0.0.1:*"],
  secret: "a secret of at least thirty-two characters",
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  logger: { disabled: true },
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: (key, value, ttl) => redis.set(key, value, ttl === undefined ? {} : { EX: ttl }),
    delete: (key) => redis.del(key),
    async increment(key, ttl) {
      const count = await redis.incr(key);
      if (count === 1) await redis.expire(key, ttl);
      return count;
    },
  },
  rateLimit: {
    enabled: true,
    storage: "secondary-storage",
    ...free,
    customRules: { "/sign-in/*": free, "/ok": { window: seconds, max: LOW_LIMIT } },
  },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
for (let place = 0; place < PEOPLE; place++) {
  const { email, password, username } = personOf(place);
  await auth.api.signUpEmail({ body: { email, password, name: username } });
}

const answer = (response, status, value) => {
  const body = JSON.stringify(value);
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
};
const handler = toNodeHandler(auth);
async function serveOne(request, response) {
  if (request.url !== "/bench/me") return handler(request, response);
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
  return session === null ? answer(response, 401, { error: "sign in" }) : answer(response, 200, PAGE);
}
const server = createServer((request, response) => void serveOne(request, response));
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => serve(server.address()));
