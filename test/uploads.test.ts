/** Files, through the front door: what is taken, what is refused and how, how they come back, and what stays of them. */
import { connect } from "node:net";
import { definePolicy, type PolicyOverrides } from "aegis";
import { MemoryBlobStore, memoryStores } from "aegis/fastify";
import { describe, expect, it } from "vitest";
import {
  csvFile,
  envelope,
  gifFile,
  mp4File,
  pdfFile,
  pngFile,
  textFile,
  zipFile,
} from "../packages/aegis/src/verify/wire/files.ts";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { named, upload } from "./support/upload.ts";

async function open(overrides: PolicyOverrides["upload"] = {}) {
  const blobs = new MemoryBlobStore();
  const { uploads } = memoryStores();
  const hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "test",
      password: { argon2: cheapHash },
      upload: overrides,
    }),
    { blobs, uploads },
  );
  const enter = () => new Visitor(hub.app).enter();
  const userOf = async (visitor: Visitor): Promise<string> =>
    (await visitor.send("GET", "/api/check_session")).json().user.id;
  return { hub, blobs, uploads, enter, userOf, visitor: await enter() };
}
const content = (visitor: Visitor, id: string, headers: Record<string, string> = {}) =>
  visitor.send("GET", `/api/uploads/${id}/content`, { headers });

describe("a file", () => {
  it("of every kind is taken, listed, given back as it came, and deleted", async () => {
    const { hub, blobs, visitor } = await open();
    const files = [
      textFile(),
      csvFile(),
      pdfFile(),
      gifFile(),
      pngFile(),
      mp4File(),
      zipFile([{ name: "a", data: "b" }]),
    ];
    for (const file of files) {
      const made = await upload(visitor, file);
      expect([file.name, made.statusCode]).toEqual([file.name, 201]);
      const { id, size_bytes: size, media_type: type } = made.json();
      expect(made.json()).toMatchObject({ name: file.name, size_bytes: file.bytes.length });
      expect((await visitor.send("GET", `/api/uploads/${id}`)).json()).toEqual(made.json());
      const back = await content(visitor, id);
      expect([back.statusCode, back.rawPayload.equals(file.bytes)]).toEqual([200, true]);
      expect(back.headers).toMatchObject({
        "content-type": type,
        "content-length": String(size),
        "content-disposition": `attachment; filename="${file.name}"; filename*=UTF-8''${file.name}`,
        "x-content-type-options": "nosniff",
        "content-security-policy": expect.stringMatching(/^sandbox; default-src 'none';/),
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
      });
    }
    const list = (await visitor.send("GET", "/api/uploads?per_page=3&page=3")).json();
    expect(list).toMatchObject({ total: 7, page: 3, per_page: 3, pages: 3, used: { files: 7 } });
    expect(list.items).toHaveLength(1);
    expect((await visitor.send("GET", "/api/uploads?q=PAGE")).json().total).toBe(1);
    const [{ id }] = list.items;
    const csrf = { "x-csrftoken": await visitor.token() };
    expect((await visitor.send("DELETE", `/api/uploads/${id}`, { headers: csrf })).json()).toEqual({
      deleted: 1,
    });
    expect((await content(visitor, id)).statusCode).toBe(404);
    expect((await visitor.send("DELETE", `/api/uploads/${id}`, { headers: csrf })).statusCode).toBe(404);
    expect(await blobs.read(id)).toBeUndefined();
    const told = hub.events.filter(({ event }) => event.startsWith("upload."));
    expect(told.map(({ event }) => event)).toEqual([
      ...Array.from({ length: 7 }, () => "upload.stored"),
      "upload.deleted",
    ]);
    expect(JSON.stringify(told)).not.toContain("page.pdf");
    await hub.close();
  });

  it("is its owner's alone", async () => {
    const { hub, visitor, enter } = await open();
    const { id } = (await upload(visitor, textFile())).json();
    const other = await enter();
    const headers = { "x-csrftoken": await other.token() };
    for (const answer of [
      await other.send("GET", `/api/uploads/${id}`),
      await content(other, id),
      await other.send("DELETE", `/api/uploads/${id}`, { headers }),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([404, "AEGIS_UPLOAD_NOT_FOUND"]);
    expect((await other.send("GET", "/api/uploads")).json().total).toBe(0);
    expect((await new Visitor(hub.app).send("GET", `/api/uploads/${id}/content`)).statusCode).toBe(401);
    await hub.close();
  });

  it("comes in parts where they are asked for", async () => {
    const { hub, visitor } = await open();
    const { id } = (await upload(visitor, textFile("0123456789"))).json();
    const part = async (range: string) => {
      const { statusCode, body, headers } = await content(visitor, id, { range });
      return [statusCode, statusCode === 416 ? "" : body, headers["content-range"]];
    };
    expect(await part("bytes=2-4")).toEqual([206, "234", "bytes 2-4/10"]);
    expect(await part("bytes=7-")).toEqual([206, "789", "bytes 7-9/10"]);
    expect(await part("bytes=-3")).toEqual([206, "789", "bytes 7-9/10"]);
    expect(await part("bytes=8-999")).toEqual([206, "89", "bytes 8-9/10"]);
    expect(await part("bytes=10-")).toEqual([416, "", "bytes */10"]);
    for (const strange of ["bytes=4-2", "bytes=0-1,3-4", "bytes=-", "lines=1-2", "bytes=99999999999999999-"])
      expect(await part(strange)).toEqual([200, "0123456789", undefined]);
    await hub.close();
  });

  it("has a name for people, and another for the disk", async () => {
    const { hub, visitor } = await open({ nameMaxLength: 30 });
    const sent = `../../\u202e${"ü".repeat(50)}";x=\r\n.txt`.replace(/["\r\n]/g, "'");
    const { id, name } = (await upload(visitor, named(textFile(), sent))).json();
    expect(name).toMatch(/^ü{26}\.txt$/);
    expect((await content(visitor, id)).headers["content-disposition"]).toBe(
      `attachment; filename="${"_".repeat(26)}.txt"; filename*=UTF-8''${"%C3%BC".repeat(26)}.txt`,
    );
    await hub.close();
  });

  it("opens in the browser only where the policy lets pictures, and then nothing but pictures", async () => {
    const { hub, visitor } = await open({ inlineImages: true });
    for (const [file, how] of [
      [pngFile(), "inline"],
      [pdfFile(), "attachment"],
      [textFile(), "attachment"],
    ] as const) {
      const { id } = (await upload(visitor, file)).json();
      expect((await content(visitor, id)).headers["content-disposition"]).toMatch(new RegExp(`^${how};`));
    }
    await hub.close();
  });
});

describe("an upload", () => {
  const html = "<script>alert(1)</script>";
  it.each([
    [
      "a program",
      named(textFile("MZ\0\0"), "a.exe", "application/octet-stream"),
      415,
      "TYPE_REFUSED",
      "unknown_type",
    ],
    ["a page", named(textFile(`<!doctype html>${html}`), "a.txt"), 415, "TYPE_REFUSED", "unknown_type"],
    [
      "an SVG picture",
      named(textFile("<svg onload=alert(1)>"), "a.svg", "image/svg+xml"),
      415,
      "TYPE_REFUSED",
      "unknown_type",
    ],
    [
      "a picture that says it is a page",
      named(pngFile(), "a.html", "text/html"),
      415,
      "TYPE_MISMATCH",
      "mismatch",
    ],
    ["a picture with another's name", named(pngFile(), "a.gif"), 415, "TYPE_MISMATCH", "mismatch"],
    ["a text with two extensions", named(textFile(), "a.txt.php"), 415, "TYPE_MISMATCH", "mismatch"],
    ["an archive as a document", named(zipFile([]), "a.docx", ""), 422, "CONTENT_REFUSED", "mismatch"],
    [
      "a PDF with a script",
      pdfFile("/OpenAction << /S /JavaScript >>"),
      422,
      "CONTENT_REFUSED",
      "active_content",
    ],
    [
      "a picture with a page behind it",
      { ...pngFile(), bytes: Buffer.concat([pngFile().bytes, Buffer.from(html)]) },
      422,
      "CONTENT_REFUSED",
      "trailing_data",
    ],
    ["a bomb", zipFile([{ name: "x", data: Buffer.alloc(8_000_000) }]), 422, "CONTENT_REFUSED", "bomb"],
    ["nothing", textFile(""), 422, "CONTENT_REFUSED", "empty"],
  ] as const)("of %s is refused, logged, and leaves nothing", async (_what, file, status, code, reason) => {
    const { hub, uploads, visitor, userOf } = await open();
    const answer = await upload(visitor, file);
    expect([answer.statusCode, answer.json().code, answer.json().errors[0].reason]).toEqual([
      status,
      `AEGIS_UPLOAD_${code}`,
      reason,
    ]);
    expect(await uploads.used(null, await userOf(visitor))).toEqual({ bytes: 0, files: 0 });
    expect(hub.events.at(-1)).toMatchObject({
      event: "upload.refused",
      facts: { reasons: `file:${reason}` },
    });
    await hub.close();
  });

  it("of a kind that the policy does not name is refused", async () => {
    const { hub, visitor } = await open({ allowedKinds: ["png"] });
    expect((await upload(visitor, gifFile())).json().code).toBe("AEGIS_UPLOAD_TYPE_REFUSED");
    expect((await upload(visitor, pngFile())).statusCode).toBe(201);
    await hub.close();
  });

  it("beyond the size of its kind is refused with 413, before and while it arrives", async () => {
    const { hub, visitor } = await open({
      limits: {
        documentBytes: 2000,
        csvBytes: 3000,
        imageBytes: 1024,
        videoBytes: 40_000,
        generalBytes: 1024,
      },
    });
    expect((await upload(visitor, textFile("x".repeat(2000)))).statusCode).toBe(201);
    for (const file of [
      textFile("x".repeat(2001)),
      csvFile("1,".repeat(1501)),
      textFile("x".repeat(20_000)),
      textFile("x".repeat(60_000)),
    ]) {
      const answer = await upload(visitor, file);
      expect([answer.statusCode, answer.json().code]).toEqual([413, "AEGIS_UPLOAD_TOO_LARGE"]);
      expect(answer.json().errors[0].message).toMatch(/At most \d+ bytes/);
    }
    expect((await upload(visitor, csvFile("1,".repeat(1500)))).statusCode).toBe(201);
    await hub.close();
  });

  it("beyond what an account may keep is refused, however many come at once", async () => {
    const { hub, visitor, uploads, userOf } = await open({ accountFileLimit: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(visitor, textFile())));
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(3);
    const refused = answers.find(({ statusCode }) => statusCode !== 201);
    expect([refused?.statusCode, refused?.json().code]).toEqual([413, "AEGIS_UPLOAD_QUOTA_FULL"]);
    expect((await uploads.used(null, await userOf(visitor))).files).toBe(3);
    await hub.close();
  });

  it("that is no multipart, has another part, or ends too early is refused", async () => {
    const { hub, visitor, uploads, userOf } = await open();
    const headers = { "x-csrftoken": await visitor.token() };
    const { body, type } = envelope(textFile());
    const send = (payload: string | Buffer, contentType: string) =>
      visitor.send("POST", "/api/uploads", { payload, headers: { ...headers, "content-type": contentType } });
    const again = Buffer.concat([body.subarray(0, body.lastIndexOf("--aegis")), body]);
    for (const answer of [
      await upload(visitor, textFile(), { field: "other" }),
      await upload(visitor, textFile(), { cut: 10 }),
      await send("", type),
      await send(body, "multipart/form-data"),
      await send(body, 'multipart/form-data; boundary=""'),
      await send(again, type),
      await send(body.toString().replace("Content-Type: text/plain", `X: ${"x".repeat(20_000)}`), type),
    ])
      expect([answer.statusCode, answer.json().code]).toEqual([400, "AEGIS_UPLOAD_MALFORMED"]);
    expect((await send("{}", "application/json")).statusCode).toBe(400);
    expect((await send("x", "text/plain")).statusCode).toBe(415);
    expect(await uploads.used(null, await userOf(visitor))).toEqual({ bytes: 0, files: 0 });
    await hub.close();
  });

  it("that is broken off leaves nothing, and one that is refused early is still answered", async () => {
    const { hub, visitor, uploads, userOf } = await open();
    const { body, type } = envelope(mp4File());
    const token = await visitor.token();
    const user = await userOf(visitor);
    const head = (length: number) =>
      `POST /api/uploads HTTP/1.1\r\nHost: x\r\nCookie: ${visitor.cookie}\r\nX-CSRFToken: ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;
    const socket = connect(Number(new URL(hub.origin).port), "127.0.0.1");
    socket.on("error", () => undefined);
    const start = body.subarray(0, body.length - 60);
    const film = envelope(textFile("x".repeat(8000))).body;
    socket.write(Buffer.concat([Buffer.from(head(1_000_000)), film]));
    await expect.poll(() => uploads.used(null, user)).toMatchObject({ files: 1 });
    socket.destroy();
    await expect.poll(() => uploads.used(null, user)).toEqual({ bytes: 0, files: 0 });

    const answer = await new Promise<string>((resolve) => {
      const second = connect(Number(new URL(hub.origin).port), "127.0.0.1");
      second.write(Buffer.concat([Buffer.from(head(60_000_000)), start]));
      second.on("data", (chunk) => {
        second.destroy();
        resolve(chunk.toString("latin1"));
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    await hub.close();
  });

  it("whose process died is swept with its bytes", async () => {
    const { hub, visitor, uploads, blobs, userOf } = await open();
    const accountId = await userOf(visitor);
    const id = "6f3c2a10-0000-4000-8000-000000000001";
    const wide = { tenantBytes: 1e9, accountBytes: 1e9, accountFileLimit: 10 };
    await uploads.reserve(
      { id, tenantId: null, accountId, bytes: 5, now: hub.clock.now() - 3_600_001 },
      wide,
    );
    const writer = await blobs.begin(id);
    await writer.commit();
    expect(await uploads.leftovers(hub.clock.now() - 3_600_000, 10)).toEqual([id]);
    await hub.close();
  });
});
