/** A report as PDF: Chromium prints the HTML, where there is a Chromium. */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../talk.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAX_MS = 120_000;

function chromium(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  const places = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const all =
    named === undefined ? NAMES.flatMap((name) => places.map((folder) => join(folder, name))) : [named];
  return all.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export async function pdfOf(html: string): Promise<Uint8Array> {
  const browser = chromium();
  if (browser === undefined)
    throw new UsageError(
      "A PDF is printed by Chromium, and there is none on this machine.",
      "Install it, or say where it is (CHROMIUM_PATH); or write --format html and print that.",
    );
  const folder = mkdtempSync(join(tmpdir(), "aegis-pdf-"));
  try {
    const [page, pdf] = [join(folder, "report.html"), join(folder, "report.pdf")];
    writeFileSync(page, html);
    await printed(browser, [
      "--headless",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Chromium refuses its own sandbox to root; the page has no script, and a policy that would let none run.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      `--user-data-dir=${join(folder, "profile")}`,
      "--no-pdf-header-footer",
      `--print-to-pdf=${pdf}`,
      pathToFileURL(page).href,
    ]);
    if (!existsSync(pdf)) throw new UsageError("Chromium ended and wrote no PDF.");
    return readFileSync(pdf);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const printed = (browser: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(browser, args, { timeout: MAX_MS, maxBuffer: 4_000_000 }, (error) => {
      if (error === null) resolve();
      else reject(new UsageError(`Chromium (${browser}) could not print the report.`));
    });
  });
