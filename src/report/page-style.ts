/** The style of `report.html`: readable on a phone, in the dark, and on paper. */

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --soft: #f4f6f8; --line: #d0d7de; --text: #1f2328; --faint: #57606a;
  --link: #0550ae; --good: #1a7f37; --bad: #b42318; --warn: #8a4b00;
  --bar: #2f6fdb; --add: #e6f6ea; --del: #fdecea; --head: #57606a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --soft: #161b22; --line: #30363d; --text: #e6edf3; --faint: #9aa4af;
    --link: #79b8ff; --good: #56d364; --bad: #ff8a80; --warn: #e3b341;
    --bar: #58a6ff; --add: #12261a; --del: #2d1517; --head: #9aa4af;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 62rem; padding: 0 1rem 3rem; background: var(--page);
  color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: break-word;
}
code, pre { overflow-wrap: anywhere; }
header { margin: 1.25rem 0 1rem; padding: .9rem 1.1rem; border: 1px solid var(--line);
  border-left: .5rem solid var(--faint); border-radius: .4rem; background: var(--soft); }
header.pass { border-left-color: var(--good); }
header.fail { border-left-color: var(--bad); }
header.stop { border-left-color: var(--warn); }
header p { margin: .3rem 0 0; color: var(--faint); }
h1 { margin: 0; font-size: 1.45rem; line-height: 1.25; }
.mark { font-size: .85em; letter-spacing: .04em; padding: .05em .45em; border-radius: .25rem;
  border: 2px solid currentColor; margin-right: .25rem; }
.pass .mark { color: var(--good); }
.fail .mark { color: var(--bad); }
.stop .mark { color: var(--warn); }
h2 { font-size: 1.15rem; margin: 0; }
section { margin-top: 1.75rem; padding-top: .9rem; border-top: 1px solid var(--line); }
section.urgent h2::after { content: " — look here"; color: var(--bad); font-weight: 600; }
.brief { color: var(--faint); margin: .15rem 0 .6rem; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875em; }
:not(pre) > code { background: var(--soft); border: 1px solid var(--line); border-radius: .25rem;
  padding: .05em .3em; white-space: pre-wrap; }
header code { background: var(--page); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0;
  padding: .7rem .8rem; overflow: auto; max-height: 34rem; white-space: pre; line-height: 1.4; }
pre.text { white-space: pre-wrap; }
pre span { display: inline-block; min-width: 100%; }
.add { background: var(--add); color: var(--text); }
.del { background: var(--del); color: var(--text); }
.head { color: var(--head); }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; font-size: .9rem; color: var(--faint); padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--soft); font-size: .9rem; }
tbody th { font-weight: 500; }
td { white-space: normal; min-width: 4rem; }
ul { padding-left: 1.2rem; margin: .5rem 0; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
svg.phases { display: block; width: 100%; max-width: 44rem; height: auto; margin: .5rem 0; font-size: 13px; }
svg text { fill: var(--text); }
.track { fill: var(--soft); }
.ran { fill: var(--bar); }
.failed { fill: var(--bad); }
svg.bar { width: 7rem; height: .6rem; vertical-align: middle; margin-right: .3rem; }
.room { fill: var(--line); }
.used { fill: var(--bar); }
.used.near { fill: var(--warn); }
.used.full { fill: var(--bad); }
footer { margin-top: 2.5rem; color: var(--faint); font-size: .875rem; }
@media (max-width: 40rem) {
  body { padding: 0 .6rem 2rem; }
  th, td { padding: .3rem .4rem; }
  svg.bar { width: 4rem; }
  svg.phases { font-size: 17px; }
}
@media print {
  :root { --page: #fff; --soft: #f6f6f6; --text: #000; --faint: #444; --link: #000; --line: #bbb; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  pre { max-height: none; white-space: pre-wrap; }
  section, table, pre { break-inside: auto; }
  h2, caption { break-after: avoid; }
  tr { break-inside: avoid; }
}
`;
