// SPDX-License-Identifier: Apache-2.0
// Stands between a client and the server: passes everything through, keeps what was asked and
// answered, and may change requests. So a coding agent, whose prompts mean nothing to the bundled
// model, still gets a known answer: a tool is forced and its arguments are narrowed to one value,
// which the server's own grammar then writes.
import http from "node:http";
import { after } from "node:test";

// What the tool of a coding agent is made to run, and what it then says.
export const kMark = "stride-was-here-632";

// `edit(body, path)` changes a request in place. Gives { url, exchanges }; each exchange is { path,
// asked, status, said, done }, `asked` as the client sent it and `done` false while it runs.
export async function start_recorder(server_url, edit = () => {}) {
  const exchanges = [];
  const proxy = http.createServer(async (request, response) => {
    let text = "";
    for await (const bytes of request) text += bytes;
    const exchange = { method: request.method, path: request.url, asked: null, status: 0, said: "", done: false };
    exchanges.push(exchange);
    if (text && /json/.test(request.headers["content-type"] ?? "")) {
      exchange.asked = JSON.parse(text);
      const body = JSON.parse(text);
      edit(body, request.url);
      text = JSON.stringify(body);
    }
    const headers = { ...request.headers, host: new URL(server_url).host };
    for (const name of ["content-length", "transfer-encoding", "accept-encoding", "connection"]) delete headers[name];
    if (text) headers["content-length"] = Buffer.byteLength(text);
    const onward = http.request(server_url + request.url, { method: request.method, headers }, (answer) => {
      exchange.status = answer.statusCode;
      response.writeHead(answer.statusCode, answer.headers);
      answer.on("data", (bytes) => { exchange.said += bytes; });
      answer.on("end", () => { exchange.done = true; });
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => { if (!exchange.done) onward.destroy(); });
    onward.end(text);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  after(() => { proxy.closeAllConnections(); proxy.close(); });
  return { url: `http://127.0.0.1:${proxy.address().port}`, exchanges };
}

const kMostInstructions = 400;  // characters

// Instructions of an agent mean nothing to the bundled model, but take it minutes to read.
function shorten(body) {
  const cut = (text) => text.slice(0, kMostInstructions);
  const cut_content = (content) => (typeof content === "string" ? cut(content)
    : content.map((part) => (part.text ? { ...part, text: cut(part.text) } : part)));
  if (body.instructions) body.instructions = cut(body.instructions);
  if (body.system) body.system = cut_content(body.system);
  for (const message of body.messages ?? body.input ?? []) {
    if (/system|developer/.test(message.role)) message.content = cut_content(message.content);
  }
}

// Leaves one parameter, which can only be the command that says kMark.
function narrow(schema, name) {
  const wanted = schema.properties?.[name];
  if (!wanted) throw new Error(`no parameter ${name} in ${JSON.stringify(schema)}`);
  schema.properties = { [name]: { enum: [wanted.type === "array" ? ["echo", kMark] : `echo ${kMark}`] } };
  schema.required = [name];
  schema.additionalProperties = false;
}

export const has_result = (body) => JSON.stringify(body.messages ?? body.input ?? [])
  .replaceAll(`echo ${kMark}`, "").replaceAll(/echo[^a-z]{1,12}stride-was-here-632/g, "").includes(kMark);

// An `edit`: a request that offers `tool` must call it, with the command that says kMark, until its
// result stands in the history; answers and instructions are short.
export function force_command(tool, parameter = "command", max_tokens = 120) {
  return (body, path) => {
    if (!/messages|completions|responses/.test(path)) return;
    shorten(body);
    body[/responses/.test(path) ? "max_output_tokens" : "max_tokens"] = max_tokens;
    delete body.max_completion_tokens;
    const found = (body.tools ?? []).find((given) => (given.function?.name ?? given.name) === tool);
    if (!found) return;
    const anthropic = found.input_schema !== undefined;
    narrow(found.input_schema ?? found.parameters ?? found.function.parameters, parameter);
    body.tools = [found];
    body.tool_choice = has_result(body) ? (anthropic ? { type: "none" } : "none")
      : anthropic ? { type: "tool", name: tool, disable_parallel_tool_use: true }
        : found.function ? { type: "function", function: { name: tool } } : { type: "function", name: tool };
    // A second call might not end within the budget, and what is cut is not run.
    if (!anthropic) body.parallel_tool_calls = false;
  };
}
