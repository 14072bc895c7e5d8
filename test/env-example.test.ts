/** The examples of an environment: read again as what they are, and refused as they are. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { definePolicy } from "aegis";
import { backupSettings, type EnvSetting, openSecrets, renderEnv, secretSources } from "aegis/secrets";
import { describe, expect, it } from "vitest";
import { hubSettings } from "../apps/hub/server/settings.ts";
import { run } from "./support/processes.ts";

const read = (file: string): string => readFileSync(new URL(`../deploy/${file}`, import.meta.url), "utf8");

describe("the hub's .env.production.example", () => {
  it("gives no secret a value, commented out or not", () => {
    for (const file of [".env.example", ".env.production.example"]) {
      const values = parseEnv(read(file).replaceAll(/^# (?=[A-Z_]+=)/gm, ""));
      // What the server looks at too stands there once.
      const known = new Set(hubSettings.map(({ name }) => name));
      const all = [...hubSettings, ...backupSettings.filter(({ name }) => !known.has(name))];
      const secrets = all.filter(({ secret }) => secret !== undefined).map(({ name }) => name);
      expect([file, secrets.filter((name) => values[name] !== "")]).toEqual([file, []]);
      expect(Object.keys(values).toSorted()).toEqual(all.map(({ name }) => name).toSorted());
    }
  });

  it("starts no production server as it is, and names all that it has to have", async () => {
    const env = Object.fromEntries(
      Object.entries(parseEnv(read(".env.production.example"))).map(([name, value]) => [name, value ?? ""]),
    );
    const needed = ["SECRET_KEY", "DATABASE_URL", "PUBLIC_ORIGIN", "REDIS_URL", "SMTP_URL"];
    expect(Object.keys(env).toSorted()).toEqual(needed.toSorted());
    const server = run(process.execPath, ["apps/hub/dist/server/serve.js"], {
      ...env,
      NODE_ENV: "production",
    });
    expect(await server.ended()).toBe(1);
    for (const name of ["SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SMTP_URL"])
      expect(server.output()).toContain(`${name} is missing`);
  });

  it("asks for what the policy asks for", () => {
    const policy = definePolicy({
      environment: "production",
      token: { enabled: true },
      secret: { required: ["PROBE_KEY"] },
    });
    const values = Object.keys(parseEnv(renderEnv(policy, hubSettings)));
    expect(values).toEqual(expect.arrayContaining(["TOKEN_KEYS", "PROBE_KEY"]));
    expect(renderEnv(policy, hubSettings)).toBe(renderEnv(policy, hubSettings));
  });

  it("holds every variable that the hub's code reads", () => {
    const config = readFileSync(new URL("../apps/hub/server/config.ts", import.meta.url), "utf8");
    const named = [...config.matchAll(/env\["([A-Z_]+)"\]/g)]
      .map(([, name]) => name)
      .filter((name) => name !== "NODE_ENV");
    expect(new Set(named).difference(new Set(hubSettings.map(({ name }) => name)))).toEqual(new Set());
  });

  it("is read as it was written, whatever an example holds", async () => {
    const settings: readonly EnvSetting[] = [{ name: "GREETING", about: "Words.", example: "two words; #1" }];
    const text = renderEnv(definePolicy({ environment: "development" }), settings).replace(
      "# GREETING",
      "GREETING",
    );
    expect(parseEnv(text)).toEqual({ GREETING: "two words; #1" });
    const policy = definePolicy({ environment: "production" });
    const needs = [{ name: "SECRET_KEY", kind: "key" }] as const;
    const sources = secretSources({ env: { SECRET_KEY: "" }, timeoutSeconds: 1 });
    await expect(openSecrets({ policy, needs, sources })).rejects.toMatchObject({
      code: "AEGIS_SECRET_MISSING",
    });
  });
});
