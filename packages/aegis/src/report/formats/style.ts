/** How the page looks: the hub's tokens, for a screen in light and dark, a phone, and paper. */
export const STYLE = `:root{color-scheme:light dark;--bg:#fbfbfa;--surface:#fff;--sunken:#f3f3f1;--line:#e2e2de;--axis:#85857c;--text:#1c1c1a;--muted:#5b5b55;--accent:#0f6b62;--accent-soft:#e3f1ef;--pass:#1a6b38;--pass-soft:#e4f3e8;--warn:#7d4e00;--warn-soft:#fbf0da;--fail:#a92b21;--fail-soft:#fceae8}
@media (prefers-color-scheme:dark){:root{--bg:#131413;--surface:#1b1d1c;--sunken:#232524;--line:#333635;--axis:#7d827f;--text:#ececea;--muted:#a6aaa6;--accent:#5cc9bb;--accent-soft:#16322f;--pass:#7bd398;--pass-soft:#14301e;--warn:#ecb95c;--warn-soft:#33270f;--fail:#ff9a8f;--fail-soft:#3a1a17}}
*{box-sizing:border-box}html{background:var(--bg);-webkit-text-size-adjust:100%}
body{margin:0;font:15px/1.6 "Inter Variable",Inter,system-ui,sans-serif;font-variant-ligatures:none;font-feature-settings:"calt" 0;color:var(--text)}
main,.head>div{max-width:64rem;margin:0 auto;padding:0 1.25rem}
.head{background:var(--surface);border-bottom:1px solid var(--line)}.head>div{display:flex;gap:.75rem;align-items:center;padding-block:.75rem;font-weight:600}
.head svg{width:1.75rem;height:1.75rem;flex:none}.head span{margin-left:auto;font-weight:400;color:var(--muted);font-size:13px}
h1,h2,h3{line-height:1.25;letter-spacing:-.015em;text-wrap:balance}h1{font-size:2rem;margin:2.25rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.35rem;margin:3rem 0 .75rem}h3{font-size:1rem;margin:0 0 .35rem}h3.component{margin-top:2rem}p{margin:.35rem 0;max-width:46rem}
.quiet,dt,caption,figcaption p{color:var(--muted)}.quiet,caption,figcaption p,.small{font-size:13px}a{color:var(--accent)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem}
.summary{display:grid;grid-template-columns:auto 1fr;gap:.5rem 2rem;align-items:center;margin:1.5rem 0 0}
.score{font-size:3.5rem;font-weight:600;line-height:1;letter-spacing:-.03em;font-variant-numeric:tabular-nums}.score small{font-size:1rem;font-weight:400;color:var(--muted);letter-spacing:0}
.headline{font-size:1.125rem;font-weight:600;margin:0 0 .35rem}
.counts{display:flex;flex-wrap:wrap;gap:.4rem;margin:.6rem 0 0;padding:0;list-style:none}
.tag{display:inline-block;border-radius:999px;padding:.05rem .6rem;font-size:13px;background:var(--sunken);color:var(--muted);white-space:nowrap}
.tag.pass{background:var(--pass-soft);color:var(--pass)}.tag.fail{background:var(--fail-soft);color:var(--fail);font-weight:600}.tag.open{background:var(--warn-soft);color:var(--warn)}.tag.part{background:var(--accent-soft);color:var(--accent)}.tally{max-width:none;line-height:2}
details.chapter{background:var(--surface);border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:0 1rem}summary{cursor:pointer}.chapter>summary{padding:.55rem 0;line-height:1.9}.chapter>table{margin-bottom:1rem}.exchange{margin-top:.35rem}.exchange>summary{font-size:13px;color:var(--muted)}.exchange pre{scroll-margin-top:9rem}.controls+.chapter{margin-top:1.25rem}:target{outline:2px solid var(--accent);outline-offset:2px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.9rem 1.5rem;margin:1.5rem 0 0}.facts div{min-width:0}dt{font-size:13px}dd{margin:0;overflow-wrap:anywhere}
figure{margin:0}figcaption{margin-bottom:.9rem}figcaption strong{display:block;font-size:1rem}
.chart{display:block;width:100%;height:auto}.chart text{font-size:12px;fill:var(--text)}.chart .tick{fill:var(--muted)}.chart .grid{stroke:var(--line)}.chart .axis{stroke:var(--axis)}
.b-pass{fill:var(--accent)}.b-fail{fill:var(--fail)}.b-open{fill:url(#hatch)}.b-none{fill:var(--sunken);stroke:var(--line)}.hatch-back{fill:var(--warn-soft)}.hatch-line{stroke:var(--warn)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:.6rem 0 0;padding:0;list-style:none;font-size:13px}.legend svg{width:.85rem;height:.85rem;vertical-align:-.1rem;margin-right:.4rem}
.finding{margin:0 0 1rem}.finding dl{display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.2rem .75rem;margin:.5rem 0 0}.finding dd{overflow-wrap:anywhere}
.finding .tag{margin-left:.5rem;vertical-align:.1rem}code,pre{font:12.5px/1.5 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace}
code{overflow-wrap:anywhere}pre{margin:.75rem 0 0;padding:.75rem;border-radius:.375rem;background:var(--sunken);white-space:pre-wrap;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;margin:.5rem 0 0}caption{text-align:left;padding-bottom:.35rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}thead th{font-size:13px;color:var(--muted);font-weight:500}tbody th{font-weight:500}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.state{width:8.5rem}.controls{table-layout:fixed}.controls th:nth-child(2){width:8.5rem}
.skip{position:absolute;left:-999rem}.skip:focus{position:static}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{max-width:64rem;margin:3rem auto 0;padding:1.25rem;border-top:1px solid var(--line);color:var(--muted);font-size:13px;overflow-wrap:anywhere}
.wide{overflow-x:auto}.wide tbody th,.wide thead th{white-space:nowrap;overflow-wrap:normal}.total>*{border-top:1px solid var(--axis);font-weight:600}.defs{position:absolute}.narrow{display:none}
@media (max-width:40rem){h1{font-size:1.6rem}.summary{grid-template-columns:1fr}.wide-chart{display:none}.narrow{display:block}.finding dl{grid-template-columns:1fr}.finding dd{margin-bottom:.35rem}
.controls,.controls caption,.controls tbody,.controls tr,.controls td,.controls th{display:block;width:auto}.controls thead{position:absolute;clip-path:inset(50%)}.controls td,.controls tbody th{border:0;padding:.1rem 0}.controls tr{border-bottom:1px solid var(--line);padding:.6rem 0}.head span{display:none}}
@media print{:root{color-scheme:light;--bg:#fff;--surface:#fff;--sunken:#f3f3f1;--line:#c9c9c4;--axis:#6b6b64;--text:#000;--muted:#3d3d38;--accent:#0f6b62;--accent-soft:#fff;--pass:#14532b;--pass-soft:#fff;--warn:#5e3b00;--warn-soft:#fff;--fail:#8c1d14;--fail-soft:#fff}
details.chapter::details-content{content-visibility:visible;block-size:auto}details.chapter{border:0;padding:0}.chapter>summary,.exchange>summary{list-style:none}
@page{size:A4;margin:15mm 14mm}body{font-size:9.5pt;line-height:1.45}h1{font-size:1.6rem;margin-top:1rem}.summary,.facts{margin-top:.75rem}.facts{gap:.4rem 1.25rem}th,td{padding-block:.2rem}.chart{max-height:120mm}.chart text{font-size:15px}main,.head>div,footer{max-width:none;padding-inline:0}.skip{display:none}.tag{border:1px solid currentcolor}h2,h3,figcaption,caption,thead,.finding code{break-after:avoid}tr,.finding dl,figure{break-inside:avoid}h2{margin-top:1.25rem}pre{max-height:60mm;overflow:hidden;font-size:8pt}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}.finding.card{border:0;border-top:1px solid var(--line);border-radius:0;padding:.6rem 0}}`;
