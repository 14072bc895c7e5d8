/** One password for every way to type it: NFKC (NIST SP 800-63B-4 3.1.1.2). Nothing is cut. */
export function normalizePassword(password: string): string {
  return password.normalize("NFKC");
}

/** Length as a person counts it, near enough: code points. */
export function codePoints(text: string): number {
  return [...text].length;
}
