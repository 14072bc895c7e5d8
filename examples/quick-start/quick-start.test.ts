import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repository, run } from "../../test/support/processes.ts";

it("the example from README starts, registers, signs in and guards its route", async () => {
  const folder = mkdtempSync(join(tmpdir(), "aegis-quick-"));
  const server = run(
    process.execPath,
    ["--conditions=source", join(repository, "examples/quick-start/server.ts")],
    { NODE_ENV: "development", PORT: "0" },
    folder,
  );
  const [origin = ""] = await server.until(/http:\/\/\S+/);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ username: "ada", password: "harbour violet eleven spoons" });
  expect((await fetch(`${origin}/notes`)).status).toBe(401);
  expect((await fetch(`${origin}/api/register`, { method: "POST", headers, body })).status).toBe(201);
  const login = await fetch(`${origin}/api/login`, { method: "POST", headers, body });
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect(await (await fetch(`${origin}/notes`, { headers: { cookie } })).json()).toEqual({ hello: "ada" });
  expect(await server.stop()).not.toBeUndefined();
  rmSync(folder, { recursive: true, force: true });
});
