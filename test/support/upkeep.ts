/** What stands beside a hub: a certificate with twenty days left, a backup that is overdue, releases, a signed checklist. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newKeyRing } from "aegis";
import { backupSigner, beginBackup } from "aegis/backup";
import { selfSignedCertificate } from "aegis/certs";
import { approved, checklistSigner, marked, started, textOf, withEntries } from "aegis/checklist";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { systemRandom } from "../../packages/aegis/src/lib/random.ts";

/** Nothing that a setting names. */
export const nowhere = {
  certificateFile: undefined,
  backupDirectory: undefined,
  backupPublicKeyFile: undefined,
  releasesDirectory: undefined,
  checklistFile: undefined,
  checklistPublicKeyFile: undefined,
};

const HOUR_MS = 3_600_000;

export async function writeUpkeep(folder: string) {
  const { certificatePem } = await selfSignedCertificate(
    { names: ["hub.example"], days: 20 },
    { clock: { now: () => Date.now() }, random: systemRandom },
  );
  writeFileSync(join(folder, "certificate.pem"), certificatePem);
  const ring = newKeyRing("EdDSA", Date.now());
  const signer = backupSigner(ring);
  const backup = await beginBackup({
    directory: join(folder, "backups"),
    signer,
    recipients: [await identityToRecipient(await generateX25519Identity())],
    now: Date.now() - 30 * HOUR_MS,
    suffix: "abcdefgh",
  });
  await backup.part("contents", bytes("{}"));
  await backup.finish();
  writeFileSync(join(folder, "key.json"), JSON.stringify(signer.jwk));
  const record = recordBy(ring);
  writeFileSync(join(folder, "checklist.json"), record);
  mkdirSync(join(folder, "deployment"));
  const release = {
    kind: "release",
    version: "1.0.0",
    commit: null,
    policy: null,
    migrations: null,
    seconds: 41,
  };
  const at = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();
  writeFileSync(
    join(folder, "deployment/releases.json"),
    JSON.stringify([
      { ...release, run: "run-1", id: "r1", from: null, startedAt: at(50), outcome: "live", reason: null },
      {
        ...release,
        run: "run-2",
        id: "r2",
        from: "r1",
        startedAt: at(2),
        outcome: "returned",
        reason: "verify: 1 control fails",
      },
    ]),
  );
  return {
    record,
    places: {
      certificateFile: join(folder, "certificate.pem"),
      backupDirectory: join(folder, "backups"),
      backupPublicKeyFile: join(folder, "key.json"),
      releasesDirectory: join(folder, "deployment"),
      checklistFile: join(folder, "checklist.json"),
      checklistPublicKeyFile: join(folder, "key.json"),
    },
  };
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function recordBy(ring: ReturnType<typeof newKeyRing>): string {
  const at = new Date().toISOString();
  const list = {
    name: "A short list",
    roles: ["operator"],
    sections: [
      {
        title: "Before",
        steps: [
          { id: "told", title: "Everybody was told", by: "person" as const },
          { id: "signed", title: "Approved", by: "approval" as const },
        ],
      },
    ],
  };
  const signer = checklistSigner(ring);
  const first = withEntries(
    undefined,
    [started({ application: "The hub", origin: "https://hub.example", policy: "abc", list, at })],
    signer,
    at,
  );
  const by = "Ada";
  const answered = approved(first, {
    role: "operator",
    answer: "yes",
    by,
    note: "It waits for nothing.",
    at,
  });
  return textOf(
    withEntries(
      withEntries(first, [marked(first, { step: "told", outcome: "fail", by, note: "", at })], signer, at),
      [answered],
      signer,
      at,
    ),
  );
}
