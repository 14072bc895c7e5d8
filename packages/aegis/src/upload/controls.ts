import { fail, pass, type RoomControls, unknown, type Verdict } from "../control.ts";
import { isAccepted, isRefused } from "../verify/wire/checks.ts";
import * as files from "../verify/wire/files.ts";
import { headerOf } from "../verify/wire/header.ts";
import {
  allowedSamples,
  control,
  type File,
  named,
  type Policy,
  samples,
  type Uploader,
} from "./controls-shared.ts";

const kinds = control(
  "unknown-kinds-refused",
  "The content decides what is taken: kinds that the policy does not name, unknown content, pages and programs are refused",
  ["allowedKinds"],
  ["asvs:v5.0.0-5.2.2", "cwe:434", "req:LIM-6"],
  async ({ send }, context) => {
    const [good] = allowedSamples(context);
    if (good === undefined) return unknown("the policy takes no kind that can be made here");
    const taken = (await send(good[1])).response.status;
    if (!isAccepted(taken)) return unknown(`a good ${good[0]} is answered with ${taken}`);
    const strange: File[] = [
      named(files.textFile("<!doctype html><script>alert(1)</script>"), "a.txt"),
      named(
        files.textFile('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        "a.svg",
        "image/svg+xml",
      ),
      { name: "a.exe", type: "application/octet-stream", bytes: Buffer.from("MZ\x90\0\x03\0", "latin1") },
      named(good[1], "a.html", "text/html"),
      ...samples.filter(([kind]) => !context.policy.allowedKinds.includes(kind)).map(([, file]) => file),
    ];
    for (const file of strange) {
      const { status } = (await send(file)).response;
      if (!isRefused(status))
        return fail(`${file.name} (${file.type}) is answered with ${status}`, "a refusal");
    }
    return pass(`${strange.length} strange files refused`);
  },
);

/** What a server may have to see before it can tell a kind: one that has less yet waits rightly. */
const SEEN_BYTES = 8192;
const begun = (file: File): File => ({
  ...file,
  bytes: Buffer.concat([file.bytes, Buffer.alloc(SEEN_BYTES, " ")]),
});

const sizes = control(
  "large-files-refused",
  "A file beyond the size of its kind is refused with 413, before it is read",
  [
    "limits.generalBytes",
    "limits.documentBytes",
    "limits.imageBytes",
    "limits.videoBytes",
    "limits.csvBytes",
  ],
  ["asvs:v5.0.0-5.2.1", "cwe:400", "req:LIM-6"],
  async ({ send }, context) => {
    const tried = new Set<string>();
    for (const [kind, file, family] of allowedSamples(context)) {
      if (tried.has(family)) continue;
      const limit = Object.entries(context.policy.limits).find(([name]) => name === family)?.[1];
      if (limit === undefined) continue;
      const good = (await send(file)).response.status;
      if (!isAccepted(good)) return unknown(`a good ${kind} is answered with ${good}`);
      const late = await send(begun(file), limit + 65_536).catch(() => undefined);
      // Whoever waits for the rest has not looked at what was announced.
      if (late?.response.status !== 413)
        return fail(`a ${kind} of ${limit + 65_536} bytes: ${late?.response.status ?? "waited for"}`, "413");
      tried.add(family);
    }
    return tried.size < 5 ? unknown(`only ${[...tried].join(", ")} could be tried`) : pass("five sizes hold");
  },
);

const served = control(
  "served-as-attachment",
  "A file goes out as an attachment under its own type, and nothing in it may run",
  ["inlineImages"],
  ["asvs:v5.0.0-3.2.1", "asvs:v5.0.0-5.4.1", "cwe:79"],
  async ({ send, content }, context) => {
    let seen = 0;
    for (const [kind, file] of allowedSamples(context)) {
      const made = await send(file);
      const back = isAccepted(made.response.status) ? await content(made) : undefined;
      if (back === undefined || !isAccepted(back.response.status))
        return unknown(`a ${kind} does not come back`);
      const header = (name: string): string => headerOf(back.response, name) ?? "";
      const how = header("content-disposition").split(";")[0]?.trim().toLowerCase();
      const mayOpen = context.policy.inlineImages && file.type.startsWith("image/");
      if (how !== "attachment" && !(mayOpen && how === "inline"))
        return fail(`a ${kind} is served ${how}`, "attachment");
      if (header("x-content-type-options").toLowerCase() !== "nosniff")
        return fail(`a ${kind} without nosniff`, "nosniff");
      if (header("content-type").split(";")[0] !== file.type)
        return fail(`a ${kind} as ${header("content-type")}`, file.type);
      const csp = header("content-security-policy")
        .split(";")
        .map((part) => part.trim());
      if (!csp.includes("sandbox") || !csp.includes("default-src 'none'"))
        return fail(`a ${kind} under "${header("content-security-policy")}"`, "sandbox; default-src 'none'");
      seen += 1;
    }
    return seen === 0 ? unknown("nothing could be uploaded") : pass(`${seen} kinds`);
  },
);

const active = control(
  "active-content-refused",
  "Documents that run something, and files of two kinds at once, are refused",
  [],
  ["asvs:v5.0.0-5.2.2", "cwe:434"],
  async ({ send }, context) => {
    const html = Buffer.from("<script>alert(1)</script>");
    const behind = (file: File): File => ({ ...file, bytes: Buffer.concat([file.bytes, html]) });
    const bad = [
      ["pdf", files.pdfFile("/OpenAction << /S /Java#53cript /JS (1) >>")],
      ["png", behind(files.pngFile())],
      ["gif", behind(files.gifFile())],
      ["zip", behind(files.zipFile([{ name: "a", data: "a" }]))],
      ["zip", files.zipFile([{ name: "../a", data: "a" }])],
    ] as const;
    const tried = bad.filter(([kind]) => context.policy.allowedKinds.includes(kind));
    for (const [kind, file] of tried) {
      const good = samples.find(([one]) => one === kind);
      if (good === undefined || !isAccepted((await send(good[1])).response.status))
        return unknown(`a good ${kind} is refused, too`);
      const { status } = (await send(file)).response;
      if (!isRefused(status)) return fail(`a dangerous ${kind} is answered with ${status}`, "a refusal");
    }
    return tried.length === 0
      ? unknown("the policy takes no kind that can be made here")
      : pass(`${tried.length} refused`);
  },
);

/** One file within a bound is taken, one beyond it refused. */
async function bound(
  send: Uploader["send"],
  what: string,
  within: File,
  beyond: File,
): Promise<Verdict | undefined> {
  const good = (await send(within)).response.status;
  if (!isAccepted(good)) return unknown(`${what} within the limit: ${good}`);
  const { status } = (await send(beyond)).response;
  return isRefused(status) ? undefined : fail(`${what} beyond the limit: ${status}`, "a refusal");
}

const bombs = control(
  "bombs-refused",
  "A picture of too many pixels, an archive of too many files, and one that unpacks to too much are refused",
  ["imagePixelLimit", "archiveEntryLimit", "archiveExpandedBytes"],
  ["asvs:v5.0.0-5.2.3", "asvs:v5.0.0-5.2.6", "cwe:409"],
  async ({ send }, { policy }) => {
    const { imagePixelLimit: pixels, archiveEntryLimit: entries, archiveExpandedBytes: expanded } = policy;
    if (!policy.allowedKinds.includes("gif") || !policy.allowedKinds.includes("zip"))
      return unknown("pictures (gif) and archives (zip) are not both taken");
    const width = Math.floor(Math.sqrt(pixels));
    const many = (count: number) =>
      files.zipFile(Array.from({ length: count }, (_, at) => ({ name: `${at}`, data: "" })));
    return (
      (await bound(
        send,
        "a picture",
        files.gifFile(width, width),
        files.gifFile(width + 1, Math.ceil(pixels / width)),
      )) ??
      (await bound(send, "number of files", many(Math.min(entries, 100)), many(entries + 1))) ??
      (await bound(send, "unpacked size", unpacksTo(Math.min(expanded, 50_000)), unpacksTo(expanded + 1))) ??
      pass("pixels, files and unpacked size are bounded")
    );
  },
);

/** Parts that hold some noise, so that no one of them looks like a bomb by itself. */
function unpacksTo(size: number): File {
  const step = 8 * 1024 * 1024;
  const parts: files.ZipPart[] = [];
  for (let left = size, at = 0; left > 0; left -= step, at++) {
    const data = Buffer.alloc(Math.min(step, left));
    let noise = 12_345;
    for (let place = 0; place < data.length; place += 64) {
      noise = (noise * 1_103_515_245 + 12_345) & 0x7fffffff;
      data[place] = noise >>> 16;
    }
    parts.push({ name: `${at}`, data });
  }
  return files.zipFile(parts);
}

const names = control(
  "names-neutralised",
  "The name that a file is shown under is short and leads nowhere",
  ["nameMaxLength"],
  ["asvs:v5.0.0-5.3.2", "cwe:22", "req:LIM-6"],
  async ({ send, nameOf }, context) => {
    const [good] = allowedSamples(context);
    if (good === undefined) return unknown("the policy takes no kind that can be made here");
    const end = good[1].name.split(".").at(-1) ?? "";
    for (const name of [`../../../etc/${"x".repeat(230)}.${end}`, `C:\\\\a\\\\b\u202e.${end}`]) {
      const made = await send(named(good[1], name));
      const shown = nameOf(made);
      if (!isAccepted(made.response.status) || typeof shown !== "string")
        return unknown(`answered with ${made.response.status}`);
      if ([...shown].length > context.policy.nameMaxLength)
        return fail(`a name of ${[...shown].length} characters`, `at most ${context.policy.nameMaxLength}`);
      if (/[/\\\u202e]|\.\./.test(shown))
        return fail(`the name ${JSON.stringify(shown)}`, "a name without a path");
    }
    return pass("long names are cut, paths are gone");
  },
);

export const uploadControls: RoomControls<Policy> = {
  controls: [kinds, sizes, served, active, bombs, names],
  unprovable: [
    {
      leaf: "accountBytes",
      reason:
        "Filling it would take as many bytes as it allows; the contract suite of the stores races for its last ones.",
    },
    {
      leaf: "accountFileLimit",
      reason:
        "Filling it would take as many uploads as it allows; test/uploads.test.ts races twenty for three places.",
    },
    {
      leaf: "tenantBytes",
      reason:
        "It is shared with accounts that a verifier must not fill up; the contract suite of the stores races for it.",
    },
  ],
};
