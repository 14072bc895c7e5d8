import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kindOf } from "./csp-groups.ts";
import { MemoryCspReportStore } from "./csp-memory-store.ts";
import { describeCspReportStore } from "./csp-store.contract.ts";
import { proposalOf } from "./csp-proposal.ts";
import { headersDefaults } from "./policy.ts";

describeCspReportStore("the memory store", async () => ({
  store: new MemoryCspReportStore(),
  close: async () => undefined,
}));

const HOST = "hub.example";
const kind = (directive: string, blocked: string, document = `https://${HOST}/page`) =>
  kindOf({ directive, blocked, document }, HOST);

describe("a report", () => {
  it("becomes a directive, an origin or a word, and a path without ids", () => {
    expect(
      kind(
        "img-src 'self'",
        "https://cdn.example:8443/a/b.png?token=1",
        `https://${HOST}/admin/users/0b2c7f6e-1111-4222-8333-444455556666`,
      ),
    ).toEqual({ directive: "img-src", blocked: "https://cdn.example:8443", page: "/admin/users/:id" });
    expect(kind("script-src-elem", "inline")?.blocked).toBe("inline");
    expect(kind("script-src-elem", "")?.blocked).toBe("inline");
    expect(kind("script-src", `https://${HOST}/file.js`)?.blocked).toBe("self");
    expect(kind("img-src", "data:image/png;base64,AAAA")?.blocked).toBe("data");
    expect(kind("script-src", "moz-extension://0b2c/x.js")?.blocked).toBe("extension");
    expect(kind("img-src", "javascript:alert(1)")?.blocked).toBe("other");
  });

  it("that is of no page of ours, or of no directive, is none", () => {
    expect(kind("img-src", "inline", "https://evil.example/page")).toBeUndefined();
    expect(kind("img-src", "inline", "about:blank")).toBeUndefined();
    expect(kind("made-up-src", "inline")).toBeUndefined();
  });

  it("leaves nothing long and nothing with a query, whatever was posted", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.webPath({ size: "large" }), (directive, blocked, path) => {
        const found = kind(
          directive.length % 2 === 0 ? "img-src" : directive,
          blocked,
          `https://${HOST}${path}`,
        );
        if (found === undefined) return;
        expect(found.page.length).toBeLessThanOrEqual(100);
        expect(found.blocked.length).toBeLessThanOrEqual(200);
        expect(JSON.stringify(found)).not.toMatch(/[?#<>]/);
      }),
    );
  });
});

describe("a proposal", () => {
  const propose = (directive: string, blocked: string) =>
    proposalOf({ directive, blocked, page: "/" }, headersDefaults("production").csp);

  it("names the setting that would allow a source of data, and says what that costs", () => {
    expect(propose("connect-src", "https://api.example")).toMatchObject({
      risk: "some",
      addition: "connect-src https://api.example",
      setting: { path: "headers.csp.connectSources", value: "https://api.example" },
    });
    expect(propose("img-src", "https://cdn.example").setting?.path).toBe("headers.csp.imageSources");
    expect(propose("img-src", "blob").setting?.value).toBe("blob:");
  });

  it("warns of what would undo the policy, and names no setting for it", () => {
    for (const [directive, blocked, addition] of [
      ["script-src-elem", "inline", "script-src 'unsafe-inline'"],
      ["script-src", "eval", "script-src 'unsafe-eval'"],
      ["script-src-elem", "https://cdn.example", "script-src https://cdn.example"],
      ["script-src", "data", "script-src data:"],
      ["object-src", "https://cdn.example", "object-src https://cdn.example"],
      ["base-uri", "https://evil.example", "base-uri https://evil.example"],
      ["form-action", "https://evil.example", "form-action https://evil.example"],
      ["frame-ancestors", "https://evil.example", "frame-ancestors https://evil.example"],
      ["style-src-attr", "inline", "style-src 'unsafe-inline'"],
      ["connect-src", "http://plain.example", "connect-src http://plain.example"],
    ] as const)
      expect([directive, blocked, propose(directive, blocked)]).toEqual([
        directive,
        blocked,
        expect.objectContaining({ risk: "high", addition, setting: null }),
      ]);
  });

  it("proposes nothing where nothing of the application was blocked", () => {
    for (const [directive, blocked] of [
      ["script-src", "extension"],
      ["img-src", "other"],
      ["require-trusted-types-for", "trusted-types-sink"],
    ] as const)
      expect(propose(directive, blocked)).toMatchObject({ addition: null, setting: null });
  });
});
