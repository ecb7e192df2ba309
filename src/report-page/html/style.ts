/** The style sheet of the page. Colours reach a contrast of 4.5 : 1 in both schemes. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--sunk:#f3f5f8;--line:#dde2ea;--text:#1c2430;--soft:#566072;--link:#1f5fbf;
--good:#176b3c;--good-back:#e5f5eb;--notice:#865200;--notice-back:#fdf1dc;--bad:#b3221b;--bad-back:#fdeae8;--unknown:#566072;--unknown-back:#eceff4;--accent:#3a6ea5}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--sunk:#141920;--line:#303947;--text:#e4e9f1;--soft:#a3afc0;--link:#8ab8f7;
--good:#7fd6a2;--good-back:#16301f;--notice:#f0c06c;--notice-back:#34280f;--bad:#ff9d94;--bad-back:#3d1a18;--unknown:#a3afc0;--unknown-back:#262e3a;--accent:#7fb0e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:20px;line-height:1.3;margin:0;letter-spacing:-.01em}
h3{font-size:15px;margin:0;font-weight:650}
p{margin:6px 0}
a{color:var(--link)}
code,pre,.diagram text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{font-size:.92em;overflow-wrap:anywhere}
.kicker{display:flex;gap:8px;align-items:center;margin:0 0 10px;color:var(--soft);font-size:13px;font-weight:600;letter-spacing:.02em}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,max-content));gap:4px 32px;margin:14px 0 0}
.facts div{min-width:0}
dt{color:var(--soft);font-size:12.5px}
dd{margin:0;overflow-wrap:anywhere}
.tag{display:inline-block;border-radius:999px;padding:1px 10px;font-size:12.5px;font-weight:600;white-space:nowrap;background:var(--unknown-back);color:var(--unknown)}
.good{color:var(--good)}.notice{color:var(--notice)}.bad{color:var(--bad)}.unknown{color:var(--unknown)}
.tag.good{background:var(--good-back)}.tag.notice{background:var(--notice-back)}.tag.bad{background:var(--bad-back)}
.figures{list-style:none;display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:26px 0 8px;padding:0}
.figures a{display:block;height:100%;padding:14px 16px 12px;background:var(--card);border:1px solid var(--line);border-top:3px solid currentColor;border-radius:10px;text-decoration:none}
.figures a:hover,.figures a:focus-visible{border-color:currentColor}
.figures span{display:block}
.label{color:var(--soft);font-size:13px;font-weight:600}
.value{font-size:30px;line-height:1.25;font-weight:700;font-variant-numeric:tabular-nums}
.note{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;margin:18px 0;padding:20px 22px 22px}
section>h2+*{margin-top:12px}
.lead{color:var(--soft)}
details{border:1px solid var(--line);border-radius:8px;margin:10px 0;background:var(--card)}
summary{padding:9px 14px;cursor:pointer;overflow-wrap:anywhere}
summary:hover{background:var(--sunk);border-radius:8px}
summary h3{display:inline;overflow-wrap:anywhere}
summary .tag{margin-left:8px}
.inside{padding:0 14px 12px}
pre{margin:8px 0 0;padding:11px 14px;background:var(--sunk);border:1px solid var(--line);border-radius:6px;font-size:13px;line-height:1.5;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}
.warn{padding:8px 14px;border-radius:6px;background:var(--notice-back);color:var(--notice);margin:8px 0 0;overflow-wrap:anywhere}
.warn.bad{background:var(--bad-back);color:var(--bad)}.warn.unknown{background:var(--unknown-back);color:var(--unknown)}
.warn p{margin:2px 0}
.findings{list-style:none;padding:0;margin:12px 0 0}
.findings>li{padding:10px 0;border-top:1px solid var(--line)}
.findings>li:first-child{border-top:0;padding-top:0}
.findings code.code{font-weight:650;margin-right:6px}
.fix{color:var(--soft);margin:4px 0 0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:12.5px;border-bottom:1px solid var(--line);padding:4px 10px 4px 0;vertical-align:bottom}
td{padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.timeline{list-style:none;margin:14px 0 0 6px;padding:0 0 0 16px;border-left:2px solid var(--line)}
.timeline>li{position:relative;margin:0 0 18px}
.timeline>li:last-child{margin-bottom:0}
.timeline>li::before{content:"";position:absolute;left:-22px;top:6px;width:10px;height:10px;border-radius:50%;background:var(--accent);border:2px solid var(--card);box-shadow:0 0 0 2px var(--accent)}
.timeline details{margin:6px 0 0}
.when{color:var(--soft);font-size:13.5px}
.bar{width:120px;vertical-align:middle}
.bar svg{display:block}.bar rect{fill:var(--accent)}
.scroll{overflow:auto;max-height:min(85vh,860px);margin:12px 0 0;padding:8px;border:1px solid var(--line);border-radius:8px;background:var(--sunk)}
.chips{list-style:none;display:flex;flex-wrap:wrap;gap:6px;padding:0;margin:8px 0 0}
.chips li{border:1px solid var(--line);border-radius:6px;padding:1px 9px;font-size:13px;background:var(--card);overflow-wrap:anywhere}
.chips .created,.key.created{border-color:var(--good);color:var(--good)}.chips .changed,.key.changed{border-color:var(--notice);color:var(--notice)}.chips .dropped,.key.dropped{border-color:var(--bad);color:var(--bad)}
.legend{display:flex;flex-wrap:wrap;gap:6px 10px;font-size:13px;color:var(--soft);margin:8px 0 0}
.key{border:1.5px solid var(--line);border-radius:5px;padding:0 8px;background:var(--card)}
.diagram{display:block;margin:0 auto;font-size:12px}
.diagram text{fill:var(--text)}
.diagram .box rect{fill:var(--card);stroke:var(--line);stroke-width:1.5}
.diagram .head{fill:var(--unknown-back)}
.diagram .name{font-weight:700}
.diagram .badge,.diagram .more{fill:var(--soft)}
.diagram .badge{text-anchor:end;font-size:10px}
.diagram .mark{text-anchor:end;font-size:11px}
.diagram .line path{fill:none;stroke:var(--soft);stroke-width:1.2}
.diagram .line circle{fill:var(--soft)}
.diagram .created rect{stroke:var(--good);stroke-width:2;stroke-dasharray:5 3}.diagram .created .head{fill:var(--good-back)}.diagram .created .mark,.diagram text.created{fill:var(--good)}
.diagram .changed rect{stroke:var(--notice);stroke-width:2}.diagram .changed .head{fill:var(--notice-back)}.diagram .changed .mark,.diagram text.changed{fill:var(--notice)}
.diagram .dropped rect{stroke:var(--bad);stroke-width:2}.diagram .dropped .head{fill:var(--bad-back)}.diagram .dropped .mark,.diagram text.dropped{fill:var(--bad)}
.diagram .line.created path{stroke:var(--good);stroke-dasharray:5 3}.diagram .line.created circle{fill:var(--good)}
.diagram .line.changed path{stroke:var(--notice)}.diagram .line.dropped path{stroke:var(--bad)}.diagram .line.dropped circle{fill:var(--bad)}
footer{color:var(--soft);font-size:13px;padding-bottom:40px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
@media (max-width:720px){header,main,footer{padding:0 14px}header{padding-top:22px}h1{font-size:23px}.figures{grid-template-columns:1fr 1fr}section{padding:16px 14px}.bar{display:none}summary h3{word-break:break-all}.facts{grid-template-columns:1fr}}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--sunk:#f7f8fa;--line:#c9cfd8;--text:#000;--soft:#444d5a;--link:#000;--good:#176b3c;--good-back:#e5f5eb;--notice:#7a4a00;--notice-back:#fdf1dc;--bad:#a01d16;--bad-back:#fdeae8;--unknown:#444d5a;--unknown-back:#eceff4;--accent:#3a6ea5}
body{font-size:10.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}section{border:0;padding:0;margin:22px 0}
details::details-content{content-visibility:visible;height:auto}
summary{list-style:none}
h2,h3,summary{break-after:avoid}pre,.findings>li,.figures{break-inside:avoid-page}tr{break-inside:avoid}
thead{display:table-header-group}.figures a{border-color:var(--line)}.scroll{overflow:visible;max-height:none;border:0;padding:0;background:none}.diagram{max-width:100%;height:auto}
@page{margin:16mm 14mm}}
`.trim();
