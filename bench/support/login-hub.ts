/** The library with its default cost of a hash, on memory stores, with as many accounts as somebody signs in at a time. */
import { definePolicy } from "aegis";
import Fastify from "fastify";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";

export const CONNECTIONS = 32;
/** Counted like any other, and never used up. */
const PLENTY = "999999/hour";

export const accountOf = (place: number) => ({
  username: `ada-${place}`,
  password: "harbour violet eleven spoons",
});

/** Without a socket; the caller listens, or does not. */
export async function loginHub(accounts = 1) {
  const policy = definePolicy({
    environment: "test",
    rateLimit: { limits: { login: PLENTY, register: PLENTY, read: PLENTY, user: PLENTY } },
  });
  const app = Fastify(serverOptions(policy));
  await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...memoryStores() });
  for (let place = 0; place < accounts; place++)
    await app.inject({
      method: "POST",
      url: "/api/register",
      headers: { "content-type": "application/json" },
      payload: JSON.stringify(accountOf(place)),
    });
  return app;
}
