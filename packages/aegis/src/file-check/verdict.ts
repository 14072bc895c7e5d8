/** What is said of a file that was looked at. */
export type Refusal =
  | "damaged"
  | "trailing_data"
  | "too_many_pixels"
  | "active_content"
  | "embedded_file"
  | "encrypted"
  | "unreadable"
  | "bomb"
  | "too_many_entries"
  | "nested_archive"
  | "bad_path"
  | "mismatch"
  | "not_text";

/** What is kept of a file: for pictures less than what came. */
export interface Accepted {
  readonly bytes: Buffer;
  readonly width?: number;
  readonly height?: number;
}
export type Checked = Accepted | { readonly refused: Refusal };
