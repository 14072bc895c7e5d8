/** What columns are sealed under: a ring of the operator's, or keys derived of the application's secrets. */
import { type DataKeys, derivedDataKeys, openDataKeys, parseDataKeyRing } from "aegis";
import { rewrapColumn, sealedAccountColumns, type SqlClient } from "aegis/stores/postgres";
import { readRingFile } from "./token-keys.ts";

/** What was sealed before there was a ring still opens. */
export function loadDataKeys(
  { dataKeysFile: file }: { readonly dataKeysFile: string | undefined },
  secrets: readonly Uint8Array[],
): DataKeys {
  const derived = derivedDataKeys(secrets);
  if (file === undefined) return derived;
  return openDataKeys(parseDataKeyRing(readRingFile(file, "DATA_KEYS_FILE")), derived);
}

/** Seals what was written before columns were: an index finds it, and from the second start on there is none. */
export async function sealWhatIsPlain(sql: SqlClient, keys: DataKeys): Promise<void> {
  for (const target of sealedAccountColumns) await rewrapColumn(sql, target, keys, { sealPlain: true });
}
