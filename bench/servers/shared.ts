/** What every measured server shares: the work it answers with, and the few words it speaks with its parent. */
import type { AddressInfo } from "node:net";

/** How many people can sign in. */
export const PEOPLE = 4;

export const personOf = (place: number) => ({
  username: `ada-${place}`,
  email: `ada-${place}@hub.example`,
  password: "harbour violet eleven spoons",
});

const filled = (bytes: number) => {
  const base = {
    id: "3f2c8a51-77d0-4b7e-9a41-5f2d6c1e8b90",
    title: "Tides of the northern harbour",
    authors: ["Ada Quill", "Ben Orchard"],
    published: "1998-04-17",
    copies: 12,
    available: true,
    notes: "",
  };
  return { ...base, notes: "x".repeat(bytes - JSON.stringify(base).length) };
};

/** The answer of the authenticated GET: 1 KB of JSON, made text anew for each request. */
export const PAGE = filled(1024);

/** What the POST takes, and what it answers with. */
export const ITEM = { title: "A new item", quantity: 3, tags: ["blue", "small"] };
export const itemAnswer = ({ title, quantity }: { title: string; quantity: number }) => ({
  created: title,
  quantity,
});

/** JSON Schema of ITEM, for those that validate by one. */
export const itemSchema = {
  type: "object",
  required: ["title", "quantity", "tags"],
  additionalProperties: false,
  properties: {
    title: { type: "string", minLength: 1, maxLength: 100 },
    quantity: { type: "integer", minimum: 1, maximum: 1000 },
    tags: { type: "array", maxItems: 10, items: { type: "string", minLength: 1, maxLength: 32 } },
  },
} as const;

/** So many requests an hour that a run never meets the limit, though each of them is counted. */
export const HIGH_LIMIT = 1_000_000_000;
/** What /bench/limited lets through an hour. */
export const LOW_LIMIT = 5;
export const HOUR_MS = 3_600_000;

/** Processor time since the process began, in microseconds; memory in bytes. */
export interface Usage {
  readonly cpu: number;
  /** Of the thread that runs JavaScript alone: no hashing, no garbage collection beside it, no compiler. */
  readonly main: number;
  readonly rss: number;
}

const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;

/** Tells the parent the port, answers "usage", and ends with the parent. */
export function serve(address: AddressInfo | string | null): void {
  if (address === null || typeof address === "string") throw new Error("The server listens on no port.");
  process.on("message", (message) => {
    if (message !== "usage") return;
    const usage: Usage = {
      cpu: sum(process.cpuUsage()),
      main: sum(process.threadCpuUsage()),
      rss: process.memoryUsage.rss(),
    };
    process.send?.(usage);
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port: address.port });
}

/** A setting that the parent hands over in the environment. */
export function given(name: "REDIS_URL" | "DATABASE_URL"): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this server is started by npm run bench.`);
  return value;
}
