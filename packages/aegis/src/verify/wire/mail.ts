/** Reads a mail as a person would: the code that stands alone in it, the token of its link. */
export const codeIn = (text: string | undefined): string | undefined =>
  /(?<![\w-])(\d{6,8})(?![\w-])/.exec(text ?? "")?.[1];

export function tokenIn(text: string | undefined): string | undefined {
  return /https?:\/\/\S{1,512}?[?&#](?:token|code|key)=([\w.~-]{16,512})/.exec(text ?? "")?.[1];
}
