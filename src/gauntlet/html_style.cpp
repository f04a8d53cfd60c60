// SPDX-License-Identifier: Apache-2.0
// The look of the HTML report: one set of colours for light pages and paper, one for dark ones.
#include "gauntlet/html_sections.h"
#include "gauntlet/html_table.h"

namespace stride::gauntlet {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--bg:#fbfbf9;--panel:#fff;--ink:#1c2430;--mut:#5a6472;--rule:#dde1e6;
--c1:#2b6cb0;--c2:#d97706;--c3:#2f855a;--c4:#c53030;--c5:#6b46c1;--c6:#98a2b0;--c7:#e2e6eb;
--good:#e3f3ea;--bad:#fbe6e5;--mark:#fff0b3}
@media (prefers-color-scheme:dark){:root{--bg:#14181e;--panel:#1b2129;--ink:#e4e9ef;--mut:#9aa6b4;
--rule:#323b46;--c1:#6aa9e9;--c2:#f0a04b;--c3:#63c08d;--c4:#f0807a;--c5:#a98bea;--c6:#75808e;
--c7:#2c343e;--good:#1d3629;--bad:#402525;--mark:#5a4a10}}
@media print{:root{color-scheme:light;--bg:#fff;--panel:#fff;--ink:#000;--mut:#444;--rule:#bbb;
--c1:#2b6cb0;--c2:#d97706;--c3:#2f855a;--c4:#c53030;--c5:#6b46c1;--c6:#98a2b0;--c7:#e2e6eb;
--good:#e3f3ea;--bad:#fbe6e5;--mark:#fff0b3}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main,header,nav{max-width:80rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.6rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.4rem 0 .6rem;padding-top:.6rem;border-top:2px solid var(--rule)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{margin:.4rem 0;max-width:46rem}
.mut{color:var(--mut)}
nav{display:flex;flex-wrap:wrap;gap:.2rem .9rem;padding-top:.8rem;font-size:.9rem}
a{color:var(--c1)}
code,pre{font:.86em/1.45 ui-monospace,monospace}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.7rem;margin:.9rem 0}
.card{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:.6rem .8rem}
.card b{display:block;font-size:1.35rem;line-height:1.25;font-variant-numeric:tabular-nums}
.card span{color:var(--mut);font-size:.82rem}
.big{grid-column:span 2}.big b{font-size:2.3rem;white-space:nowrap}
.notes{margin:.8rem 0;padding:.5rem .9rem;border-left:4px solid var(--c2);background:var(--panel)}
.block{border-left-color:var(--c4)}
ul{margin:.3rem 0;padding-left:1.2rem}
figure{margin:1rem 0;background:var(--panel);border:1px solid var(--rule);border-radius:8px;
padding:.8rem 1rem;max-width:52rem}
figcaption{font-size:.88rem;color:var(--mut);margin-bottom:.5rem}
.chart{display:block;overflow:visible}
.chart text{font-size:12px;fill:var(--ink)}
.chart text.m{fill:var(--mut);font-size:11px}
.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}.s4{fill:var(--c4)}.s5{fill:var(--c5)}
.s6{fill:var(--c6)}.s7{fill:var(--c7)}
circle{stroke:var(--panel);stroke-width:1}
.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}.l4{stroke:var(--c4)}
.l5{stroke:var(--c5)}.l6{stroke:var(--c6)}
.l1,.l2,.l3,.l4,.l5,.l6{stroke-width:2}
.g{stroke:var(--rule)}.w{stroke:var(--ink);stroke-width:1.4}.x{stroke:var(--mut);stroke-dasharray:4 3}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;font-size:.82rem;margin-bottom:.3rem}
.legend i{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;margin-right:.35rem;
vertical-align:-1px}
.scroll{overflow-x:auto;margin:.6rem 0;position:relative}
.sort{position:absolute;opacity:0;pointer-events:none}
table.grid{display:grid;font-size:.82rem;min-width:min-content;background:var(--panel);
border:1px solid var(--rule);border-radius:8px}
.grid thead,.grid tbody,.grid tr{display:contents}
.grid th,.grid td{padding:.32rem .55rem;border-bottom:1px solid var(--rule);text-align:left;
font-variant-numeric:tabular-nums;white-space:nowrap}
.grid td.t{white-space:normal;overflow-wrap:break-word}
.grid th{order:-1;font-weight:600;font-size:.8rem;display:flex;gap:.3rem;align-items:end}
.grid td{order:0}
.grid .n{text-align:right}.grid th.n{justify-content:end}
.sorters{display:inline-flex;flex-direction:column;line-height:.8;font-size:.5rem;color:var(--mut)}
.sorters label{cursor:pointer;padding:1px}
.sorters label:hover{color:var(--c1)}
.ok{color:var(--c3)}.no{color:var(--c4)}.off{color:var(--mut)}
.grey{color:var(--mut);background:var(--c7)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.45rem}
.tile{border:1px solid var(--rule);border-left-width:5px;border-radius:6px;padding:.35rem .6rem;
font-size:.85rem;background:var(--panel);overflow-wrap:anywhere}
.tile.pass{border-left-color:var(--c3)}.tile.fail{border-left-color:var(--c4)}
.tile.unsupported{border-left-color:var(--c6)}
details{border:1px solid var(--rule);border-radius:6px;margin:.35rem 0;background:var(--panel)}
summary{cursor:pointer;padding:.35rem .7rem;font-size:.9rem}
details>div{padding:0 .8rem .6rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--bg);border:1px solid var(--rule);
border-radius:6px;padding:.6rem;max-height:30rem;overflow:auto;margin:.3rem 0}
mark{background:var(--mark);color:inherit}
@media (max-width:40rem){body{font-size:15px}h1{font-size:1.35rem}.big b{font-size:1.9rem}}
@media print{nav,.sorters,.sort{display:none}body{font-size:10.5pt}pre{max-height:none}
main,header{max-width:none;padding:0}h2{break-after:avoid}figure,.card,.tile{break-inside:avoid}
.scroll{overflow:visible}table.grid{font-size:7.5pt;border-radius:0}
.grid th,.grid td{padding:.15rem .25rem}.grid th{font-size:7pt}}
)";

}  // namespace

std::string style_sheet() {
  return std::string(kStyle) + sort_rules();
}

}  // namespace stride::gauntlet
