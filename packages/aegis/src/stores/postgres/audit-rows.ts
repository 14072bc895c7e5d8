import type { FoundEntry } from "../../audit-chain/chain.ts";
import { isSignedHead, type SignedHead } from "../../audit-chain/heads.ts";
import { count, type Row, text } from "./rows.ts";

/** Somebody may have written to the table by hand: what is there is looked at by whoever shows it. */
export function entryFrom(row: Row): FoundEntry {
  const record: unknown = JSON.parse(text(row, "record"));
  return {
    seq: count(row, "seq"),
    previous: text(row, "previous"),
    hash: text(row, "hash"),
    record,
  };
}

export function headFrom(row: Row): SignedHead {
  const head = {
    seq: count(row, "seq"),
    hash: text(row, "hash"),
    at: text(row, "at"),
    kid: text(row, "kid"),
    signature: text(row, "signature"),
  };
  if (!isSignedHead(head)) throw new TypeError("a row of heads holds no signed head");
  return head;
}
