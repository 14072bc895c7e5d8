/** How nginx reads texts. */
import { RenderError } from "./artefact.ts";

/**
 * A text as one argument of a directive.
 * @throws RenderError for a dollar, which nginx has no way to write, and for control characters.
 */
export function quoted(text: string): string {
  if (/[$\u0000-\u001f\u007f]/.test(text))
    throw new RenderError(
      `nginx cannot be told ${JSON.stringify(text)}: it holds a dollar or a control character.`,
    );
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** `add_header` lines; `always`: on errors too. */
export const fields = (rows: readonly (readonly [name: string, value: string])[]): string[] =>
  rows.map(([name, value]) => `add_header ${name} ${quoted(value)} always;`);
