/**
 * One content, two forms. HTML escapes every value, fetches nothing (an image would tell the sender when and where it
 * was read) and carries no script; text says the same, for programs and people that do without HTML.
 */

/** A piece of a letter. A value that somebody outside chose stands in `facts` alone. */
export type Block =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "button"; readonly label: string; readonly href: string }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [label: string, value: string])[] };

export interface Content {
  readonly subject: string;
  readonly blocks: readonly Block[];
}

export interface Page {
  readonly product: string;
  readonly origin: string;
}

/** Without line breaks, controls and marks that turn the direction of text: a value stays on its line. */
export function oneLine(value: string, maxLength = 100): string {
  return value
    .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
    .trim()
    .slice(0, maxLength)
    .trimEnd()
    .toWellFormed();
}

export function toText({ blocks }: Content, page: Page): string {
  return [...blocks.map(textOf), footer(page).join("\n")].join("\n\n") + "\n";
}

export function toHtml({ subject, blocks }: Content, page: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(subject)}</h1>
${blocks.map(htmlOf).join("\n")}
<footer>${footer(page).map(escapeHtml).join("<br>")}</footer>
</main>
</body>
</html>
`;
}

/** For an element's content and for a quoted attribute alike. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function footer({ product, origin }: Page): string[] {
  return [
    `${product}, ${origin}`,
    "You get this message because this address was given there. Nobody reads answers to it.",
  ];
}

function textOf(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return block.text;
    case "code":
      return `    ${block.code}`;
    case "button":
      return `${block.label}:\n${block.href}`;
    case "facts":
      return block.rows.map(([label, value]) => `${label}: ${value}`).join("\n");
  }
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "code":
      return `<p><code>${escapeHtml(block.code)}</code></p>`;
    case "button":
      return `<p><a href="${escapeHtml(block.href)}">${escapeHtml(block.label)}</a></p>`;
    case "facts":
      return `<p>${block.rows.map(([label, value]) => `${escapeHtml(label)}: <b>${escapeHtml(value)}</b>`).join("<br>")}</p>`;
  }
}

/** Colours in both modes have a contrast of 4.5:1 or more (WCAG 2.2, 1.4.3). */
const STYLE = `
:root{color-scheme:light dark}
body{margin:0;padding:24px;background:#f4f5f7;color:#1c1f24;font:16px/1.5 system-ui,sans-serif}
main{max-width:520px;margin:0 auto;padding:24px;background:#fff;border-radius:8px}
h1{margin:0 0 16px;font-size:20px;line-height:1.3}
code{display:inline-block;padding:12px 16px;background:#eceff3;border-radius:6px;font:700 30px/1.2 ui-monospace,monospace;letter-spacing:3px;user-select:all;-webkit-user-select:all}
a{display:inline-block;padding:10px 16px;background:#1f4fbf;color:#fff;border-radius:6px;text-decoration:none}
footer{margin-top:24px;color:#5a6270;font-size:13px}
@media (prefers-color-scheme:dark){
body{background:#14161a;color:#e8eaee}
main{background:#1e2127}
code{background:#2b3038}
a{background:#9db8ff;color:#10131a}
footer{color:#a3abb8}
}
`;
