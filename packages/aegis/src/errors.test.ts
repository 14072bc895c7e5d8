import { describe, expect, it } from "vitest";
import { AegisError } from "./errors.ts";

const spec = { title: "Title", detail: "Detail.", hint: "Hint." };

describe("an error", () => {
  it("that refuses keeps no stack; a fault does, and so does whatever comes after", () => {
    expect(new AegisError("AEGIS_X", { ...spec, status: 401 }).stack).not.toMatch(/^\s+at /m);
    expect(new AegisError("AEGIS_X", { ...spec, status: 503 }).stack).toMatch(/^\s+at /m);
    expect(new AegisError("AEGIS_X", { ...spec, status: 401 }, { status: 500 }).stack).toMatch(/^\s+at /m);
    expect(new Error("after").stack).toMatch(/^\s+at /m);
  });
});
