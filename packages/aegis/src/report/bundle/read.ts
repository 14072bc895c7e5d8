/** Holds a bundle against itself and a key that was handed in; writes nothing, and believes nothing that it says of itself. */
import { BackupError } from "../../backup/errors.ts";
import { type BackupKeys, openSigned } from "../../backup/signature.ts";
import { entriesOf } from "../../backup/tar.ts";
import { sha256 } from "../../lib/bytes.ts";
import { checkedAssessments, type VerifiedAssessment } from "./assessments.ts";
import {
  type EvidenceManifest,
  MANIFEST,
  manifestSchema,
  MAX_BUNDLE_BYTES,
  MAX_FILES,
  MAX_MANIFEST_BYTES,
} from "./manifest.ts";
import { archived } from "./write.ts";

export type EvidenceKeys = BackupKeys;

export type VerifiedBundle =
  | {
      readonly ok: true;
      readonly manifest: EvidenceManifest;
      readonly files: ReadonlyMap<string, Uint8Array>;
      readonly assessments: readonly VerifiedAssessment[];
    }
  /** `foreign`: it, or a statement in it that counted, is signed by a key that was not handed in, so that nothing can be said of it. */
  | { readonly ok: false; readonly kind: "damaged" | "foreign"; readonly detail: string };

class Damaged extends Error {}

export async function verifyBundle(bundle: Uint8Array, keys: EvidenceKeys): Promise<VerifiedBundle> {
  try {
    if (bundle.length > MAX_BUNDLE_BYTES) throw new Damaged("it is too large to be a bundle");
    const files = await filesOf(bundle);
    const manifest = openedManifest(files, keys);
    compare(manifest, files);
    // Padding, modes and times of an archive are in no digest: it must be, byte for byte, what we write of these files.
    const again = await archived([...files].map(([name, bytes]) => ({ name, bytes })));
    if (!Buffer.from(again).equals(bundle)) throw new Damaged("the archive is not written as we write it");
    const assessments = checkedAssessments(manifest, files, keys);
    return "kind" in assessments ? { ok: false, ...assessments } : { ok: true, manifest, files, assessments };
  } catch (error) {
    if (error instanceof Damaged) return { ok: false, kind: "damaged", detail: error.message };
    if (!(error instanceof BackupError)) throw error;
    const kind = error.code === "AEGIS_BACKUP_FOREIGN" ? "foreign" : "damaged";
    return { ok: false, kind, detail: error.message };
  }
}

/** @throws BackupError where an entry has a name that leads elsewhere, or is no plain file */
async function filesOf(bundle: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const source = async function* () {
    yield bundle;
  };
  for await (const { name, file } of entriesOf(source())) {
    if (file === undefined) throw new Damaged("it has a folder, and we write none");
    const limit = files.size === 0 ? MAX_MANIFEST_BYTES : MAX_BUNDLE_BYTES;
    if (file.size > limit || files.size > MAX_FILES || files.has(name))
      throw new Damaged("it has a file that is too large, too many files, or a name twice");
    const pieces: Uint8Array[] = [];
    for await (const piece of file.bytes) pieces.push(piece);
    files.set(name, Buffer.concat(pieces));
  }
  return files;
}

function openedManifest(files: ReadonlyMap<string, Uint8Array>, keys: EvidenceKeys): EvidenceManifest {
  const [first] = files;
  if (first === undefined || first[0] !== MANIFEST) throw new Damaged("it does not begin with a manifest");
  const text = Buffer.from(first[1]).toString("utf8");
  return openSigned("aegis-evidence", manifestSchema, text, keys);
}

function compare({ files: listed }: EvidenceManifest, files: ReadonlyMap<string, Uint8Array>): void {
  const names = [...files.keys()].slice(1);
  if (JSON.stringify(names) !== JSON.stringify(listed.map(({ name }) => name)))
    throw new Damaged("its files are not those of its manifest");
  for (const { name, bytes, sha256: digest } of listed) {
    const content = files.get(name);
    if (content?.length !== bytes || sha256(content) !== digest)
      throw new Damaged(`${name} is not what was signed`);
  }
}
