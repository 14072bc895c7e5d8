/** Files on their way up: one after the other, each with its progress, its end and its own error. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { sendUpload, type Uploads } from "../../api/uploads.ts";
import { sizeWords } from "./words.ts";

export interface Item {
  readonly key: number;
  readonly name: string;
  readonly state: "waiting" | "sending" | "checking" | "failed";
  /** 0 to 1. */
  readonly progress: number;
  readonly problem?: string;
}

interface Waiting {
  readonly key: number;
  readonly file: File;
}

export function useUploadQueue(kinds: Uploads["kinds"], onStored: (name: string) => void) {
  const [items, setItems] = useState<readonly Item[]>([]);
  const waiting = useRef<Waiting[]>([]);
  const current = useRef<{ key: number; stop: AbortController } | undefined>(undefined);
  const next = useRef(0);
  const stored = useRef(onStored);
  stored.current = onStored;
  const change = useCallback(
    (key: number, to: Partial<Item>) =>
      setItems((all) => all.map((one) => (one.key === key ? { ...one, ...to } : one))),
    [],
  );
  const drop = useCallback((key: number) => setItems((all) => all.filter((one) => one.key !== key)), []);

  const run = useCallback(async () => {
    if (current.current !== undefined) return;
    for (let one = waiting.current.shift(); one !== undefined; one = waiting.current.shift()) {
      const { key, file } = one;
      const stop = new AbortController();
      current.current = { key, stop };
      change(key, { state: "sending" });
      try {
        const onProgress = (progress: number) =>
          change(key, { progress, state: progress >= 1 ? "checking" : "sending" });
        const { name } = await sendUpload(file, { onProgress, signal: stop.signal });
        drop(key);
        stored.current(name);
      } catch (error) {
        if (stop.signal.aborted) drop(key);
        else change(key, { state: "failed", problem: problemOf(error) });
      }
    }
    current.current = undefined;
  }, [change, drop]);

  const add = useCallback(
    (files: readonly File[]) => {
      const fresh = files.map((file) => ({ key: next.current++, file, problem: tooLarge(file, kinds) }));
      setItems((all) => [
        ...all,
        ...fresh.map(({ key, file, problem }): Item => ({
          key,
          name: file.name,
          progress: 0,
          ...(problem === undefined ? { state: "waiting" } : { state: "failed", problem }),
        })),
      ]);
      waiting.current.push(...fresh.filter(({ problem }) => problem === undefined));
      void run();
    },
    [kinds, run],
  );

  /** Stops what is on its way, takes what waits out of the row, puts away what failed. */
  const cancel = useCallback(
    (key: number) => {
      waiting.current = waiting.current.filter((one) => one.key !== key);
      if (current.current?.key === key) current.current.stop.abort();
      else drop(key);
    },
    [drop],
  );

  useEffect(
    () => () => {
      waiting.current = [];
      current.current?.stop.abort();
    },
    [],
  );
  return { items, add, cancel };
}

/** Said before half an hour of sending: the server would refuse it. Its own word counts for everything else. */
function tooLarge(file: File, kinds: Uploads["kinds"]): string | undefined {
  const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
  const limits = kinds
    .filter(({ extensions }) => extensions.includes(extension))
    .map((one) => one.limit_bytes);
  const limit = Math.max(...(limits.length === 0 ? kinds.map((one) => one.limit_bytes) : limits));
  return file.size > limit
    ? `It has ${sizeWords(file.size)}; files of its kind may have ${sizeWords(limit)}.`
    : undefined;
}

function problemOf(error: unknown): string {
  if (error instanceof ApiError) {
    const reasons = error.fields.map(({ message }) => message).join(" ");
    return reasons === "" ? error.message : `${error.message} ${reasons}`;
  }
  return error instanceof Error ? error.message : "It could not be uploaded.";
}
