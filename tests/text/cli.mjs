// SPDX-License-Identifier: Apache-2.0
// stride tokenize and stride detokenize as a user calls them: node cli.mjs STRIDE VOCABULARY
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

import { random_source } from "./lines.mjs";

const [stride, vocabulary] = process.argv.slice(2);

function run(args, input) {
  const result = spawnSync(stride, args, { input, maxBuffer: 1 << 28 });
  return { code: result.status, out: result.stdout, err: result.stderr.toString() };
}
const tokenize = (args, input) => run(["tokenize", "-m", vocabulary, ...args], input);
const detokenize = (args, input) => run(["detokenize", "-m", vocabulary, ...args], input);
const ids = (result) => {
  assert.equal(result.code, 0, result.err);
  return result.out.toString().trim().split(" ").map(Number);
};

// Any bytes come back exactly.
const r = random_source(1);
const bytes = Buffer.from(Uint8Array.from({ length: 1 << 16 }, () => r.below(256)));
const tokens = tokenize(["--ids"], bytes);
const back = detokenize([], tokens.out);
assert.equal(back.code, 0, back.err);
assert.ok(back.out.equals(bytes));

// Special tokens only where asked for; bos only where asked for.
assert.deepEqual(ids(tokenize(["--ids", "--special", "a<|im_end|>"])), [67, 128007]);
assert.ok(!ids(tokenize(["--ids", "a<|im_end|>"])).includes(128007));
assert.deepEqual(ids(tokenize(["--ids", "--bos", "Hello, world!"])), [0, 19923, 14, 2058, 3]);
assert.deepEqual(ids(tokenize(["--ids", "-p", "-1"])), ids(tokenize(["--ids"], "-1")));

// Other forms of output and input.
const table = tokenize(["hello 😀"]).out.toString();
assert.equal(table, ' 33310  "hello"\n 53769  " \\xf0\\x9f\\x98"\n   225  "\\x80"\n');
const json = JSON.parse(tokenize(["--json", "12345"]).out);
assert.deepEqual(json, { count: 2, tokens: [6895, 1883], pieces: ["123", "45"] });
assert.equal(tokenize(["--batch"], '"1234"\n"\\n"\n""\n').out.toString(), "[6895,22]\n[201]\n[]\n");
assert.equal(detokenize(["19923,14", "2058"]).out.toString(), "Hello, world");
assert.equal(detokenize(["--json", "225", "201"]).out.toString(), '"\ufffd\\n"\n');

// Wrong use: one sentence that names what is wrong.
function refuses(result, code, ...words) {
  assert.equal(result.code, code, result.err);
  for (const word of words) assert.ok(result.err.includes(word), `${result.err} lacks ${word}`);
}
refuses(detokenize(["1", "128815"]), 1, "'128815'", "128814");
refuses(detokenize(["x1"]), 1, "'x1'");
refuses(tokenize(["--batch"], '"a"\n5\n'), 1, "line 2");
refuses(tokenize(["--batch"], '"a'), 1, "line 1");
refuses(run(["tokenize", "a"]), 2, "-m");
refuses(run(["tokenize", "-m", "/nonexistent/model.gguf", "a"]), 1, "/nonexistent/model.gguf");
refuses(run(["tokenize", "-m", "/nonexistent/tokenizer.json", "a"]), 1, "/nonexistent/tokenizer.json");
refuses(tokenize(["--idz", "a"]), 2, "--ids");
console.log("all as expected");
