/** Files as people use them, and what people write as others read it: in Chromium. */
import { definePolicy } from "aegis";
import Fastify from "fastify";
import { aegis, memoryStores, serverOptions } from "aegis/fastify";
import type { Page } from "playwright-core";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkWhole } from "../packages/aegis/src/file-check/check.ts";
import { attackFamilies } from "../packages/aegis/src/sanitize/payloads.contract.ts";
import { pdfFile, pngFile, textFile } from "../packages/aegis/src/verify/wire/files.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, enter, inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "development", password: { argon2: cheapHash } }),
  );
});
afterAll(async () => {
  await hub?.close();
});

const { visit, newContext } = inChromium(() => hub.origin);

async function uploader(width: number, dark: boolean) {
  const { page, context, complaints } = await visit({ dark, width });
  const username = `uploader-${dark ? "dark" : "light"}-${width}`;
  await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user"] });
  await enter(page, username);
  await arrived(page);
  return { context, page, complaints };
}
const chosen = ({ name, type, bytes }: ReturnType<typeof textFile>) => ({
  name,
  mimeType: type,
  buffer: Buffer.from(bytes),
});

describe.each([
  ["light", 1280],
  ["dark", 320],
] as const)("a person's files in %s at %i pixels", (theme, width) => {
  it("are sent, refused, kept, downloaded and deleted", async () => {
    const { context, page, complaints } = await uploader(width, theme === "dark");
    const shot = (part: string) => `uploads-${theme}-${width}-${part}`;
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Uploads", exact: true }).click();
    await page.getByText("No files yet").waitFor();
    await look(page, shot("empty"));

    const input = page.getByLabel("Files to upload");
    await input.setInputFiles([
      chosen(pngFile(40, 10)),
      chosen(pdfFile("/OpenAction << /S /JavaScript >>")),
      chosen(textFile()),
      { name: "huge.png", mimeType: "image/png", buffer: Buffer.alloc(6_000_000) },
    ]);
    await page.getByText("“note.txt” is kept.").waitFor();
    await page.getByText(/It has parts that run or fetch something/).waitFor();
    await page.getByText(/It has 5\.7 MB; files of its kind may have 5 MB\./).waitFor();
    await page.getByText(/PNG picture · .* · 40 × 10/).waitFor();
    await expect
      .poll(() => page.locator("li img").evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBe(40);
    await look(page, shot("kept"));
    await page.getByRole("button", { name: "Put away page.pdf" }).click();
    await page.getByRole("button", { name: "Put away huge.png" }).click();
    await expect.poll(() => page.getByText("On their way").count()).toBe(0);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download note.txt" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("note.txt");

    // Held up on its way, it shows how far it is, and can be stopped.
    const held = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await page.route("**/api/uploads", async (route) => {
      await held.promise;
      await route.abort().catch(() => undefined); // held back by us, it must not get through after all
      ended.resolve();
    });
    await input.setInputFiles([chosen(textFile("x".repeat(1000)))]);
    await page.getByRole("progressbar", { name: "Upload of note.txt" }).waitFor();
    await look(page, shot("sending"));
    await page.getByRole("button", { name: "Cancel note.txt" }).click();
    await expect.poll(() => page.getByRole("progressbar").count()).toBe(0);
    held.resolve();
    await ended.promise;
    await page.unroute("**/api/uploads");

    await page.getByRole("button", { name: "Delete note.txt" }).click();
    await page.getByRole("alertdialog").waitFor();
    await look(page, shot("delete"));
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("“note.txt” is deleted.").waitFor();
    await page.reload();
    await page.getByText("1 of 1000 files").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});

describe("a picture of a telephone", () => {
  /** EXIF with an orientation and a place, as a first segment. */
  const exif = (orientation: number): Buffer => {
    const tiff = Buffer.from(`49492a0008000000010012010300010000000${orientation}00000000000000`, "hex");
    const body = Buffer.concat([Buffer.from("Exif\0\0"), tiff, Buffer.from("GPS 52.5200 13.4050")]);
    const head = Buffer.from([0xff, 0xe1, 0, 0]);
    head.writeUInt16BE(body.length + 2, 2);
    return Buffer.concat([head, body]);
  };
  const paint = async (page: Page, type: string): Promise<Buffer> => {
    const numbers = await page.evaluate(async (wanted) => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [30, 20];
      canvas.getContext("2d")?.fillRect(0, 0, 15, 20);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, wanted));
      return blob === null ? [] : [...new Uint8Array(await blob.arrayBuffer())];
    }, type);
    return Buffer.from(numbers);
  };
  const seenAs = (page: Page, type: string, bytes: Buffer) =>
    page.evaluate(
      async (source) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        return [image.naturalWidth, image.naturalHeight];
      },
      `data:${type};base64,${bytes.toString("base64")}`,
    );
  const bounds = { imagePixelLimit: 1e6, archiveEntryLimit: 1, archiveExpandedBytes: 1 };

  it("loses where it was taken, and still stands upright", async () => {
    const page = await (await newContext()).newPage();
    const jpeg = await paint(page, "image/jpeg");
    for (const orientation of [1, 6]) {
      const told = Buffer.concat([jpeg.subarray(0, 2), exif(orientation), jpeg.subarray(2)]);
      const kept = await checkWhole("jpeg", told, bounds);
      if ("refused" in kept) throw new Error(kept.refused);
      expect([told.includes("GPS"), kept.bytes.includes("GPS")]).toEqual([true, false]);
      const upright = orientation === 1 ? [30, 20] : [20, 30];
      expect(await seenAs(page, "image/jpeg", told)).toEqual(upright);
      expect(await seenAs(page, "image/jpeg", kept.bytes)).toEqual(upright);
    }
    expect(await checkWhole("jpeg", Buffer.concat([jpeg, Buffer.from("<script>")]), bounds)).toEqual({
      refused: "trailing_data",
    });

    const webp = await paint(page, "image/webp");
    const more = Buffer.concat([webp, Buffer.from("EXIF\x14\0\0\0GPS 52.5200 13.4050!")]);
    more.writeUInt32LE(more.length - 8, 4);
    const kept = await checkWhole("webp", more, bounds);
    if ("refused" in kept) throw new Error(kept.refused);
    expect([more.includes("GPS"), kept.bytes.includes("GPS"), kept.width]).toEqual([true, false, 30]);
    expect(await seenAs(page, "image/webp", kept.bytes)).toEqual([30, 20]);
    await page.context().close();
  });
});

describe("what people write", () => {
  const KINDS = ["rich", "strict", "linkify", "text"] as const;
  const escape = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

  /** An application that keeps what it is sent, and shows it: stored, and reflected from the address. */
  async function board() {
    const policy = definePolicy({ environment: "test" });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, { policy, secretKey: new Uint8Array(32).fill(1), ...memoryStores() });
    const stored: Record<string, string>[] = [];
    const body = Type.Object(
      Object.fromEntries(KINDS.map((kind) => [kind, Type.String({ maxLength: 20_000, sanitize: kind })])),
      { additionalProperties: false },
    );
    app.post<{ Body: Record<string, string> }>(
      "/notes",
      { config: { access: "public", csrf: "origin-only" }, schema: { body } },
      async (request) => {
        stored.push(request.body);
        return { count: stored.length };
      },
    );
    const page = (parts: readonly string[]) =>
      `<!doctype html><title>Notes</title><main>${parts.join("")}</main>`;
    app.get("/notes", { config: { access: "public" } }, async (_request, reply) =>
      reply
        .type("text/html; charset=utf-8")
        .send(
          page(
            stored.map(
              ({ rich, strict, linkify, text }) =>
                `<section><div>${rich}</div><div>${strict}</div><div>${linkify}</div><div title="${escape(text ?? "")}">${escape(text ?? "")}</div></section>`,
            ),
          ),
        ),
    );
    app.get<{ Querystring: { say?: string } }>(
      "/echo",
      { config: { access: "public" } },
      async (request, reply) => {
        const cleaned = app.aegis.sanitize("rich", request.query.say ?? "");
        return reply
          .type("text/html; charset=utf-8")
          .send(page(["value" in cleaned ? cleaned.value : "refused"]));
      },
    );
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return { app, origin };
  }

  it.each([
    ["with the policy of the page", false],
    ["without it", true],
  ])(
    "runs nothing in a reader's browser, %s: as JSON, as a form and in the address",
    async (_what, bypassCSP) => {
      const { app, origin } = await board();
      for (const [place, attack] of attackFamilies.entries()) {
        const fields = Object.fromEntries(KINDS.map((kind) => [kind, attack.replaceAll("\0", "")]));
        const isForm = place % 2 === 1;
        const answer = await app.inject({
          method: "POST",
          url: "/notes",
          headers: {
            "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
            "sec-fetch-site": "same-origin",
          },
          payload: isForm ? new URLSearchParams(fields).toString() : JSON.stringify(fields),
        });
        expect([attack, answer.statusCode]).toEqual([attack, 200]);
      }
      const context = await newContext({ baseURL: origin, bypassCSP });
      const page = await context.newPage();
      const ran: string[] = [];
      await page.exposeFunction("hit", () => void ran.push(page.url()));
      page.on("dialog", (dialog) => void ran.push(dialog.message()));
      const outside: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(origin)) outside.push(request.url());
      });
      await page.goto("/notes");
      const left = await page.evaluate(() => {
        // Everything that could be waiting for a hand.
        for (const element of document.querySelectorAll<HTMLElement>("main *"))
          for (const type of ["mouseover", "focus", "toggle", "load", "error", "start"])
            element.dispatchEvent(new Event(type));
        const all = [...document.querySelectorAll("main *")];
        return {
          count: all.length,
          names: [...new Set(all.map((element) => element.namespaceURI))],
          attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))].toSorted(),
          links: all.flatMap((element) =>
            element instanceof HTMLAnchorElement && element.hasAttribute("href") ? [element.protocol] : [],
          ),
        };
      });
      for (const [place, attack] of attackFamilies.entries())
        if (place % 3 === 0)
          await page.goto(`/echo?say=${encodeURIComponent(attack.toWellFormed().replaceAll("\0", ""))}`);
      await page.waitForTimeout(200);
      expect(left.count).toBeGreaterThan(attackFamilies.length);
      expect(left.names).toEqual(["http://www.w3.org/1999/xhtml"]);
      for (const name of left.attributes) expect(["alt", "href", "rel", "src", "title"]).toContain(name);
      for (const protocol of left.links) expect(["http:", "https:", "mailto:"]).toContain(protocol);
      expect([ran, outside]).toEqual([[], []]);
      await context.close();
      await app.close();
    },
    60_000,
  );

  it("would have run without being cleaned: the same browser runs some of it", async () => {
    const context = await newContext();
    const page = await context.newPage();
    const ran: string[] = [];
    await page.exposeFunction("hit", () => void ran.push("hit"));
    await page.goto("about:blank");
    for (const attack of attackFamilies.slice(0, 12))
      await page.evaluate((html) => {
        document.body.innerHTML = html;
      }, attack);
    await expect.poll(() => ran.length).toBeGreaterThan(2);
    await context.close();
  });
});
