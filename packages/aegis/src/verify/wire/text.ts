/** Untrusted text made safe to show: no control characters, terminal escapes or bidirectional overrides, and short. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

export function printable(text: string, maxLength = 160): string {
  const flat = text.slice(0, maxLength * 4).replace(UNPRINTABLE, "\u00b7");
  return [...flat].length > maxLength ? `${[...flat].slice(0, maxLength - 1).join("")}\u2026` : flat;
}
