/** What nobody looked at is not well. */
import { X509Certificate } from "node:crypto";
import { selfSignedCertificate } from "aegis/certs";
import { expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { begun, observed } from "./course.ts";
import { certificateObservations } from "./subjects.ts";

const START = Date.UTC(2026, 0, 1);
const plan = {
  origin: "https://hub.example",
  policyName: "preset saas",
  fingerprint: "0123456789abcdef",
  scope: "3 fast controls",
  forMs: 86_400_000,
  beatMs: 30_000,
  slowMs: 1000,
  clockMs: 2000,
};

/** What four looks tell of a certificate that is valid for long enough. */
async function told(looks: readonly (readonly string[] | undefined)[]) {
  const { certificatePem } = await selfSignedCertificate(
    { names: ["hub.example"], days: 90 },
    { clock: { now: () => START }, random: systemRandom },
  );
  const chain = [new X509Certificate(certificatePem)];
  let state = begun(plan, START);
  return looks.flatMap((problems, place) => {
    const at = START + place * plan.beatMs;
    const step = observed(state, certificateObservations({ chain, problems }, 30, at), at);
    state = step.state;
    return step.changes.map(({ subject, to, observed: seen }) => [subject, to, seen]);
  });
}

it("says of no certificate that it is well again because nobody was to look at it any more", async () => {
  const bad = ["no known authority"];
  expect(await told([bad, bad, undefined, undefined])).toEqual([
    ["certificate-trust", "bad", "no known authority"],
    ["certificate-trust", "unseen", "not looked at"],
  ]);
  expect(await told([bad, bad, [], []])).toEqual([
    ["certificate-trust", "bad", "no known authority"],
    ["certificate-trust", "good", "nothing is wrong with it"],
  ]);
});

it("says nothing of what nobody was to look at from the beginning", async () => {
  expect(await told([undefined, undefined, undefined, undefined])).toEqual([]);
});
