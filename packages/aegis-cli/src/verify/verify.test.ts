/** `aegis verify` as people call it: what it refuses, and how it ends. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";

let empty: string;
let server: Server;
let origin: string;

beforeAll(async () => {
  empty = mkdtempSync(join(tmpdir(), "aegis-verify-"));
  server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () =>
      socket.end(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Frame-Options: \u001b[2JALLOW\r\nContent-Length: 0\r\n\r\n",
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(() => {
  server.close();
  rmSync(empty, { recursive: true });
});

async function verify(...args: readonly string[]): Promise<{ status: number | null; text: string }> {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), "verify", ...args],
    { NO_COLOR: "1" },
    empty,
  );
  return { status: await child.ended(), text: child.output() };
}

describe("aegis verify", () => {
  it.each([
    [["http://127.0.0.1:1/app"], /more than an origin[\s\S]*hint: Give http:\/\/127\.0\.0\.1:1;/],
    [["http://u:p@127.0.0.1:1"], /more than an origin/],
    [["http://127.0.0.1:1", "--only", "nope"], /no such room: "nope"[\s\S]*Known: transport, headers/],
    [["http://127.0.0.1:1", "--ca", "missing.pem"], /missing\.pem cannot be read/],
    [["https://127.0.0.1:1", "--ca", "bad.json"], /bad\.json holds no certificate/],
    [["http://127.0.0.1:1", "--save", "nowhere/findings.json"], /findings\.json cannot be written/],
    [["http://127.0.0.1:1", "--wait", "abc"], /whole number of seconds/],
    [["http://127.0.0.1:1", "--target", "bad.json"], /not valid[\s\S]*logn/],
  ])("%j ends with 2, says why, and asks the target nothing", async (args, message) => {
    writeFileSync(join(empty, "bad.json"), '{"logn":{"path":"/"}}');
    const { status, text } = await verify(...args);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
    expect(text).not.toMatch(/^\s+at /m); // a wrong call is no reason for a stack
    expect(existsSync(join(empty, "nowhere"))).toBe(false);
  });

  it("prints nothing but JSON when asked to, with none of the target's escapes in it", async () => {
    const { status, text } = await verify(origin, "--only", "headers", "--json");
    const report = JSON.parse(text);
    expect(status).toBe(1);
    expect(report).toMatchObject({
      reachable: true,
      environment: "development",
      policyName: "preset modern",
      rooms: { headers: { pass: expect.any(Number) } },
    });
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\\u001b");
  });

  it("says on a terminal what was held against what, and shows no escapes either", async () => {
    const { text } = await verify(
      origin,
      "--only",
      "headers",
      "--preset",
      "saas",
      "--environment",
      "production",
    );
    expect(text).toMatch(/held against preset saas \(policy [0-9a-f]{16}\) for production/);
    expect(text).not.toContain("\u001b");
  });
});
