/** One request through all guards, without a socket, beside the same route on bare Fastify. */
import Fastify from "fastify";
import { definePolicy } from "aegis";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";
import { type BenchCase, timeOf } from "../measure.ts";

const answer = { hello: "world", filler: "x".repeat(1000) };

export default {
  title: "Request: a signed-in GET of 1 KB JSON, in process (app.inject), memory stores",
  async run() {
    const bare = Fastify();
    bare.get("/", async () => answer);
    const policy = definePolicy({
      environment: "test",
      password: { argon2: { memoryKib: 7168, iterations: 1 } },
      // Counted like any other, and never used up: a refusal would be measured instead.
      rateLimit: { limits: { read: "999999/hour", user: "999999/hour" } },
    });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, { policy, secretKey: new Uint8Array(32), ...memoryStores() });
    app.get("/", { config: { access: "authenticated" } }, async () => answer);
    const json = { "content-type": "application/json" };
    const payload = JSON.stringify({ username: "ada", password: "harbour violet eleven spoons" });
    await app.inject({ method: "POST", url: "/api/register", headers: json, payload });
    const login = await app.inject({ method: "POST", url: "/api/login", headers: json, payload });
    const cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
    const rows = [
      ["bare Fastify", await timeOf(() => bare.inject("/"))],
      ["Aegis, signed in", await timeOf(() => app.inject({ url: "/", headers: { cookie } }))],
      ["Aegis, refused (401)", await timeOf(() => app.inject("/"))],
    ] as const;
    await bare.close();
    await app.close();
    return rows;
  },
} satisfies BenchCase;
