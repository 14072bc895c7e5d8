import { definePolicy, fingerprint } from "aegis";
import { type BenchCase, timeOf } from "../measure.ts";

const policy = definePolicy({ environment: "production" });

export default {
  title: "Policy: once at start",
  run: async () => [
    ["define and check a policy", await timeOf(() => definePolicy({ environment: "production" }))],
    ["fingerprint", await timeOf(() => fingerprint(policy))],
  ],
} satisfies BenchCase;
