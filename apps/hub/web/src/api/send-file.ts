/** A file on its way up, with what `fetch` cannot tell: how far it is. Errors are those of every other call. */
import { ApiError, csrfToken, forgetCsrfToken, OfflineError, refusalOf } from "./client.ts";
import type { Parser } from "./parse.ts";

export interface Sending {
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
}

export async function sendFile<T>(path: string, file: File, parse: Parser<T>, sending: Sending): Promise<T> {
  try {
    return parse(await once(path, file, sending));
  } catch (error) {
    if (!(error instanceof ApiError) || !error.code.startsWith("AEGIS_CSRF_TOKEN_")) throw error;
    forgetCsrfToken(); // it went stale with its session: once more with a fresh one
    return parse(await once(path, file, sending));
  }
}

async function once(path: string, file: File, { onProgress, signal }: Sending): Promise<unknown> {
  const token = await csrfToken();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    signal.addEventListener("abort", abort);
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress(total === 0 ? 0 : loaded / total),
    );
    request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.addEventListener("error", () =>
      reject(new OfflineError("The file did not arrive. Check your connection and try again.")),
    );
    request.addEventListener("load", () => {
      const data = json(request.responseText);
      if (request.status >= 200 && request.status < 300) return resolve(data);
      return reject(refusalOf(request.status, request.getResponseHeader("retry-after"), data));
    });
    request.open("POST", path);
    request.setRequestHeader("accept", "application/json");
    request.setRequestHeader("x-csrftoken", token);
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
