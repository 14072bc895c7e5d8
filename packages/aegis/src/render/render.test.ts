/** What is rendered follows from policy and deployment alone, and from nothing that could break out of a line. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definePolicy, fingerprint } from "../policy.ts";
import { presets } from "../presets.ts";
import { type ArtefactName, artefacts, parseDeployment } from "./index.ts";

const policy = definePolicy({ environment: "production" });
const least = {
  name: "app",
  origin: "https://app.example",
  tls: { certificateFile: "/etc/app/fullchain.pem", keyFile: "/etc/app/privkey.pem" },
};
const service = { entry: "server.js" };
const container = {
  sources: ["package.json"],
  buildCommand: "node build.mjs",
  entry: "server.js",
  context: "..",
  folder: "deploy",
};
const monitoring = {
  runbooks: "https://app.example/docs/runbooks.md",
  email: { to: ["ops@app.example"], from: "watch@app.example", smarthost: "mail.app.example:587" },
};
const whole = { ...least, service, container, monitoring };
const render = (name: ArtefactName, data: unknown = whole, of = policy): string =>
  artefacts[name].render(of, parseDeployment(data));
const names = Object.keys(artefacts).filter((name): name is ArtefactName => name in artefacts);
const others = Object.keys(presets).filter((name): name is keyof typeof presets => name in presets);

describe.each(names)("aegis render %s", (name) => {
  it("names the policy in its head, and is the same every time", () => {
    const text = render(name);
    expect(text.split("\n")[0]).toBe(
      `# Made by \`aegis render ${name}\` from policy ${fingerprint(policy)} (production).`,
    );
    const again = render(
      name,
      JSON.parse(JSON.stringify(whole)),
      definePolicy({ environment: "production" }),
    );
    expect(again).toBe(text);
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).not.toMatch(/undefined|\[object|NaN/);
  });

  it("refuses a policy that is made for somebody's desk", () => {
    expect(() => render(name, whole, definePolicy({ environment: "development" }))).toThrow(
      "The policy is made for development",
    );
  });
});

describe("nginx.conf", () => {
  const of = (overrides: Parameters<typeof definePolicy>[0], data: unknown = least) =>
    render("nginx", data, definePolicy({ ...overrides, environment: "production" }));

  it.each(others)("follows from preset %s", (preset) => {
    const text = of({ preset });
    const { transport, input } = definePolicy({ preset, environment: "production" });
    expect(text).toContain(`client_header_timeout ${transport.headersTimeoutSeconds}s;`);
    expect(text).toContain(`client_body_timeout ${transport.requestTimeoutSeconds}s;`);
    expect(text).toContain(
      `keepalive_timeout ${transport.keepAliveTimeoutSeconds}s ${transport.keepAliveTimeoutSeconds}s;`,
    );
    expect(text).toContain(`client_max_body_size ${input.bodyLimitBytes};`);
    expect(text).toContain("ssl_protocols TLSv1.2 TLSv1.3;");
  });

  it("leaves HSTS off its own answers where the policy has none", () => {
    expect(of({})).toContain("strict-transport-security");
    expect(of({ headers: { hsts: { enabled: false } } })).not.toContain("strict-transport-security");
  });

  it("refuses what proxy and policy cannot both keep", () => {
    expect(() => of({ headers: { setBy: "proxy" } })).toThrow(/csp\.scripts is "nonce"/);
    expect(() => of({ transport: { allowedHosts: ["other.example"] } })).toThrow(/has no app\.example/);
  });

  it("counts IPv6 addresses by whole bytes of their network", () => {
    const bits = (ipv6PrefixLength: number) => of({ rateLimit: { ipv6PrefixLength } });
    expect(bits(64)).toContain('"~(?s)^(?<aegis_network>.{8}).{8}$"');
    expect(bits(60)).toContain('"~(?s)^(?<aegis_network>.{7}).{9}$"');
    expect(bits(128)).not.toContain("aegis_network");
  });

  it("staples OCSP only where somebody says over which resolvers", () => {
    expect(of({})).not.toContain("ssl_stapling");
    const tls = { ...least.tls, ocspResolvers: ["127.0.0.1:53"], ocspTrustFile: "/etc/app/ca.pem" };
    expect(of({}, { ...least, tls })).toMatch(
      /ssl_stapling on;[\s\S]*ssl_trusted_certificate \/etc\/app\/ca\.pem;\n +resolver 127\.0\.0\.1:53 /,
    );
  });
});

describe("a deployment description", () => {
  it.each([
    [{ ...least, nmae: "x" }, /nmae/],
    [{ ...least, name: "Not A Name" }, /name must match/],
    [{ ...least, origin: "http://app.example" }, /origin must match/],
    [{ ...least, origin: "https://app.example/path" }, /origin must match/],
    [{ ...least, origin: "https://app.example:65536" }, /origin must match/],
    [{ ...least, upstreams: ["127.0.0.1:70000"] }, /upstreams/],
    [{ ...least, tls: { ...least.tls, keyFile: "relative.pem" } }, /tls\.keyFile/],
    [{ ...least, upstreams: [] }, /upstreams/],
    [{ name: "app" }, /must have required properties/],
    ["text", /the description must be object/],
  ])("that says %j is refused by name", (data, message) => {
    expect(() => parseDeployment(data)).toThrow(message);
  });

  it("marks the instances that are out by their ports, and refuses two with the same", () => {
    const marked = { ...least, outDirectory: "/opt/app/out" };
    const two = { ...marked, upstreams: ["127.0.0.1:3000", "127.0.0.1:3001"] };
    expect(render("nginx", two)).toContain(
      "if (-f /opt/app/out/3001) { set $aegis_instances app_without_3001; }",
    );
    expect(render("nginx", marked)).not.toContain("/opt/app/out"); // the only one cannot be out
    const same = { ...marked, upstreams: ["a.internal:3000", "b.internal:3000"] };
    expect(() => render("nginx", same)).toThrow("told apart by their ports");
  });

  it("of which a part is missing renders the rest", () => {
    expect(() => render("systemd", least)).toThrow('has no "service"');
    expect(() => render("dockerfile", least)).toThrow('has no "container"');
    expect(() => render("compose", least)).toThrow('has no "container"');
    expect(() => render("logrotate", { ...least, nginx: { logTo: "output" } })).toThrow("no log files");
    const wanted = names.filter((name) => artefacts[name].wanted(parseDeployment(least)));
    expect(wanted).toEqual(["nginx", "logrotate"]);
  });

  it("cannot add a line, a directive or a command anywhere", () => {
    const breaking = fc
      .tuple(
        fc.string(),
        fc.constantFrom(";", "\n", "{", "}", '"', "'", "$", "#", "`", "\\", "|", "&", " \t"),
        fc.string(),
      )
      .map((parts) => parts.join(""));
    const places = (text: string): readonly unknown[] => [
      { ...whole, name: text },
      { ...whole, origin: `https://${text}` },
      { ...whole, upstreams: [text] },
      { ...whole, upstreams: [`127.0.0.1:3000${text}`] },
      { ...whole, acmeDirectory: `/${text}` },
      { ...whole, streams: [`/${text}`] },
      { ...whole, assets: [`/${text}/`] },
      { ...whole, outDirectory: `/${text}` },
      { ...whole, tls: { ...least.tls, keyFile: `/${text}` } },
      { ...whole, nginx: { user: text } },
      { ...whole, nginx: { ruleSetFiles: [`/${text}`] } },
      { ...whole, service: { ...service, entry: text } },
      { ...whole, service: { ...service, after: [`${text}.service`] } },
      { ...whole, container: { ...container, buildCommand: text } },
      { ...whole, container: { ...container, images: { node: text } } },
    ];
    fc.assert(
      fc.property(breaking, (text) => {
        for (const data of places(text)) expect(() => parseDeployment(data)).toThrow("is not valid");
      }),
    );
  });
});
