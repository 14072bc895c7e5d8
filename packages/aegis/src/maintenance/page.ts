/** What a person sees meanwhile: one page without script, and its style. No text of a request gets into it. */
import type { MaintenanceState } from "./state.ts";

/** Answered while closed, and never else. */
export const STYLE_PATH = "/maintenance.css";

export const usualStyle = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#fbfbfa;color:#1c1c1a;font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:1.5rem;padding:2rem;border:1px solid #e2e2de;border-top:4px solid #0f6b62;border-radius:.75rem;background:#fff}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:.5rem 0 0}
.product{margin:0 0 1.25rem;color:#0f6b62;font-weight:600}
@media(prefers-color-scheme:dark){body{background:#131413;color:#ececea}main{background:#1b1d1c;border-color:#333635;border-top-color:#5cc9bb}.product{color:#5cc9bb}}
`;

export function maintenancePage(product: string, state: MaintenanceState | undefined): string {
  const until = state?.until ?? undefined;
  const expected =
    until === undefined
      ? "We do not know yet when we are done."
      : `We expect to be done by <time datetime="${escaped(until)}">${escaped(spoken(until))}</time>.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Closed for maintenance</title>
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<main>
${product === "" ? "" : `<p class="product">${escaped(product)}</p>\n`}<h1>Closed for maintenance</h1>
<p>We are working on it, and will be back soon. What you saved is safe.</p>
<p>${expected} Then load this page again.</p>
</main>
</body>
</html>
`;
}

/** "14:30 UTC on 21 November 2026": one form for everybody, wherever the server stands. */
export function spoken(time: string): string {
  const at = new Date(time);
  const day = at.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return `${at.toISOString().slice(11, 16)} UTC on ${day}`;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
