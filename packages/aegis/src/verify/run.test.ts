/** The run as such: it ends, it leaves nothing going on behind it, and it uses the target as described. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import zlib from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { type Control, pass, type SampleName, unknown } from "../control.ts";
import { definePolicy } from "../policy.ts";
import type { BoundRoom } from "./catalogue.ts";
import { verify, type VerifyOptions } from "./index.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handle: Handler): Promise<string> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

const policy = definePolicy({ environment: "development" });
const answerOk: Handler = (request, response) => void request.resume().on("end", () => response.end("ok"));

const roomOf = (...probes: Control<unknown>["probe"][]): BoundRoom => ({
  room: "headers",
  unprovable: [],
  controls: probes.map((probe, index) => ({
    id: `headers.${index}`,
    claim: "claim",
    proves: [],
    references: [],
    advice: { symptom: "s", cause: "c", fix: "f" },
    room: "headers",
    slow: false,
    run: (context, whole, note) => probe(context.forControl(whole.headers, note)),
  })),
});
const run = (origin: string, room: BoundRoom, more: Partial<VerifyOptions> = {}) =>
  verify({ origin, policy, rooms: [room], ...more });

describe("a run", () => {
  it("gives up on a probe that does not end, and the probe uses the target no more", async () => {
    let asked = 0;
    const origin = await serve((request, response) => {
      asked += 1;
      answerOk(request, response);
    });
    const report = await run(
      origin,
      roomOf(
        async (context) => {
          for (;;) await context.anonymous().send({ path: "/again" });
        },
        async () => pass("fine"),
      ),
      { maxControlSeconds: 0.3 },
    );
    expect(report.findings.map(({ outcome, observed }) => [outcome, observed])).toEqual([
      ["unknown", "the probe was not done in time"],
      ["pass", "fine"],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 100)); // what was on its way has arrived by now
    const then = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked).toBe(then);
  });

  it("ends when its own time is up; what was not begun is unknown", async () => {
    const never = async () => new Promise<never>(() => undefined);
    const started = performance.now();
    const report = await run(await serve(answerOk), roomOf(never, never, never, never, never, never), {
      maxRunSeconds: 0.3,
    });
    expect(performance.now() - started).toBeLessThan(2000);
    expect(report.counts.unknown).toBe(6);
    expect(report.findings.at(-1)?.observed).toBe("the run was out of time: the target answers too slowly");
  });

  it("calls it an error when a probe breaks before it has begun", async () => {
    const report = await run(
      await serve(answerOk),
      roomOf(() => {
        throw new Error("at once");
      }),
    );
    expect(report.findings[0]).toMatchObject({ outcome: "error", observed: "the probe broke: at once" });
  });

  it("waits for the target's time only as long as it may", async () => {
    const passes: boolean[] = [];
    const probe: Control<unknown>["probe"] = async ({ time }) => {
      for (const seconds of [0.1, 60, 0.1, 0.1]) passes.push(await time.pass(seconds));
      return unknown("done");
    };
    await run(await serve(answerOk), roomOf(probe), { maxWaitSeconds: 0.25 });
    expect(passes).toEqual([true, false, true, false]);
  });

  it("keeps no more evidence than a person would read, and none that came after the verdict", async () => {
    const report = await run(
      await serve(answerOk),
      roomOf(async (context) => {
        const client = context.anonymous();
        for (let round = 0; round < 30; round++) await client.send({ path: `/${round}` });
        return pass("fine");
      }),
    );
    expect(report.findings[0]?.evidence).toHaveLength(20);
  });

  it("counts room by room, and says what it was held against", async () => {
    const report = await run(
      await serve(answerOk),
      roomOf(async () => pass("fine")),
      {
        policyName: "preset modern\u001b[2J",
        target: { name: "Hub\u202e" },
      },
    );
    expect(report).toMatchObject({
      target: "Hub·",
      policyName: "preset modern·[2J",
      rooms: { headers: { pass: 1, fail: 0 } },
    });
  });

  it("shows no secret of a page in what was observed", async () => {
    const secret = "0123456789abcdefghijklmnop";
    const origin = await serve((_request, response) =>
      response.setHeader("Set-Cookie", `sid=${secret}`).end("ok"),
    );
    const report = await run(
      origin,
      roomOf(async (context) => {
        const client = context.anonymous();
        await client.send({ path: "/" });
        return unknown(`the cookie is ${client.cookies.get("sid")}`);
      }),
    );
    expect(report.findings[0]?.observed).toBe("the cookie is 0123...");
    expect(JSON.stringify(report)).not.toContain(secret);
  });

  it("is not fooled by script that hides in a compressed page", async () => {
    const origin = await serve((_request, response) =>
      response
        .setHeader("Content-Type", "text/html")
        .setHeader("Content-Encoding", "gzip")
        .setHeader("Content-Security-Policy", "script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAA' 'strict-dynamic'")
        .end(zlib.gzipSync(`${"<b>x</b>".repeat(2000)}<script>evil()</script>`)),
    );
    const report = await verify({ origin, policy, only: ({ id }) => id === "headers.csp-scripts" });
    expect(report.findings[0]).toMatchObject({
      outcome: "fail",
      observed: "1 script tags without the page's nonce",
    });
  });
});

describe("samples", () => {
  const taken = async (
    origin: string,
    names: readonly SampleName[],
    target: VerifyOptions["target"] = {},
  ) => {
    const seen: Record<string, string | undefined> = {};
    await run(
      origin,
      roomOf(async (context) => {
        for (const name of names) {
          const exchange = await context.sample(name);
          seen[name] =
            exchange === undefined
              ? undefined
              : `${exchange.request.method} ${new URL(exchange.request.url).pathname}`;
        }
        return unknown("done");
      }),
      { target, wire: { timeoutMs: 300 } },
    );
    return seen;
  };

  it("finds a static file by the page's own links, and leaves other sites alone", async () => {
    const origin = await serve((_request, response) =>
      response.end(
        '<script src="https://cdn.example/x.js"></script><script src="//evil.example/y.js"></script>' +
          '<link rel=canonical href="/"><link href = "assets/site.css?v=3" rel=stylesheet>',
      ),
    );
    expect(await taken(origin, ["static"], { samples: { html: "/app/" } })).toEqual({
      static: "GET /app/assets/site.css",
    });
  });

  it("sends broken and large bodies to registration where there is no sign-in", async () => {
    const target = { register: { path: "/register", body: { username: "{username}" } } };
    expect(await taken(await serve(answerOk), ["bad-request", "too-large"], target)).toEqual({
      "bad-request": "POST /register",
      "too-large": "POST /register",
    });
  });

  it("announces a body larger than it would hold in memory, and sends none", async () => {
    const target = { login: { path: "/login" } };
    const large = definePolicy({
      environment: "development",
      input: { jsonLimitBytes: 64 * 1024 * 1024, bodyLimitBytes: 64 * 1024 * 1024 },
    });
    let seen: unknown = "unset";
    const lengths: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      if (request.method === "POST") lengths.push(request.headers["content-length"]);
      answerOk(request, response);
    });
    await run(
      origin,
      roomOf(async (context) => {
        seen = await context.sample("too-large");
        return unknown("done");
      }),
      { target, policy: large, wire: { timeoutMs: 300 } },
    );
    expect(seen).toBeUndefined();
    expect(lengths).toEqual([String(64 * 1024 * 1024 + 1024)]);
  });
});

describe("signing in", () => {
  it("fills in the account, with something random where it is asked for, and lists the account", async () => {
    const bodies: Record<string, string>[] = [];
    const origin = await serve((request, response) => {
      let text = "";
      request.on("data", (chunk) => (text += String(chunk)));
      request.on("end", () => {
        if (request.method === "POST") bodies.push(Object.fromEntries(new URLSearchParams(text)));
        response.end("{}");
      });
    });
    const body = { u: "{username}", p: "{password}", m: "{email}", r: "{random}", c: "{constructor}" };
    const call = { path: "/x", encoding: "form", body } as const;
    const report = await run(
      origin,
      roomOf(async (context) => {
        await context.signIn();
        return unknown("done");
      }),
      { target: { register: call, login: call } },
    );
    const [registered, entered] = bodies;
    expect(registered?.["u"]).toMatch(/^probe-[0-9a-f-]+$/);
    expect(registered?.["p"]).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*-).{20,}$/);
    expect(registered?.["m"]).toBe(`${registered?.["u"]}@example.com`);
    expect(registered?.["r"]).toMatch(/^[\w-]{12}$/);
    expect(registered?.["c"]).toBe("{constructor}");
    expect(entered).toMatchObject({ u: registered?.["u"], p: registered?.["p"] });
    expect(entered?.["r"]).not.toBe(registered?.["r"]);
    expect(report.accountsCreated).toEqual([registered?.["u"]]);
  });

  it.each([
    [200, undefined, true],
    [204, undefined, true],
    [401, undefined, false],
    [403, undefined, false],
    [302, "/login", false],
    [302, "https://sso.example/check", false],
    [302, "/check?again", undefined],
    [302, undefined, undefined],
    [302, "http://[", undefined],
    [500, undefined, undefined],
    [404, undefined, undefined],
  ])("takes a session check of %i to %s for alive: %s", async (status, location, alive) => {
    const origin = await serve((request, response) => {
      if (request.url === "/check") {
        response.statusCode = status;
        if (location !== undefined) response.setHeader("Location", location);
      }
      answerOk(request, response);
    });
    let seen: unknown = "unset";
    await run(
      origin,
      roomOf(async (context) => {
        seen = await (await context.signIn())?.isAlive();
        return unknown("done");
      }),
      {
        target: {
          login: { path: "/login", body: { u: "{username}" } },
          credentials: { username: "a", password: "b" },
          sessionCheck: { path: "/check" },
        },
      },
    );
    expect(seen).toBe(alive);
  });

  it("ends at once when its caller is told to end, and what it did not look at is unknown", async () => {
    const origin = await serve(answerOk);
    const ending = new AbortController();
    const { findings } = await run(
      origin,
      roomOf(async (context) => {
        ending.abort();
        await context.anonymous().send({ path: "/" });
        return pass("seen");
      }),
      { signal: ending.signal },
    );
    expect(findings.map(({ outcome }) => outcome)).not.toContain("pass");
    const before = await run(
      origin,
      roomOf(async () => pass("seen")),
      { signal: ending.signal },
    );
    expect(before.findings[0]?.outcome).toBe("unknown");
  });

  it("registers anew when the first registration was lost on the wire", async () => {
    let registrations = 0;
    const origin = await serve((request, response) => {
      if (request.url === "/register" && ++registrations === 1) return request.socket.destroy();
      return answerOk(request, response);
    });
    const enter: Control<unknown>["probe"] = async (context) =>
      (await context.signIn()) === undefined ? unknown("no") : pass("in");
    const target = { register: { path: "/register", body: { u: "{username}" } }, login: { path: "/login" } };
    const first = await run(
      origin,
      roomOf(enter, async (context) => enter(context).catch(() => enter(context))),
      {
        target,
      },
    );
    expect(first.findings.at(-1)?.outcome).toBe("pass");
    expect(registrations).toBeGreaterThan(1);
  });
});
