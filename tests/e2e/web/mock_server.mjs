// SPDX-License-Identifier: Apache-2.0
// A server for the tests of the chat page: the page's files straight from web/ and the Debian
// packages, as web/assets.txt lists them, and a /v1 API that says what the test tells it to.
//
//   const server = await start_mock_server(root);
//   server.answer(script);                          // for the next requests
//   const { body, reply } = await server.next();    // or: the test answers the next one by hand
//
// A script is a function (request, reply) with reply.delta(delta), reply.done(), reply.fail(status,
// body), reply.cut() and reply.closed; server.requests holds what came in. Alone, for looking at
// the page: node mock_server.mjs [PORT].
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const kTypes = { html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml",
                 js: "text/javascript; charset=utf-8", mjs: "text/javascript; charset=utf-8",
                 woff2: "font/woff2" };

function read_lines(file) {
  return fs.readFileSync(file, "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
}

export function read_assets(root) {
  const folder = path.join(root, "web");
  return new Map(read_lines(path.join(folder, "assets.txt")).map((line) => {
    const [address, file] = line.split(" ");
    const full = path.resolve(folder, file);
    return [address, { file: full, type: kTypes[path.extname(full).slice(1)] }];
  }));
}

function read_headers(root) {
  return Object.fromEntries(read_lines(path.join(root, "web", "headers.txt")).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
}

class Reply {
  constructor(response) {
    this.response_ = response;
    this.id = "chatcmpl-test";
    this.closed = false;
    response.on("close", () => { this.closed = true; });
  }

  begin_() {
    if (this.response_.headersSent) return;
    this.response_.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  }

  send(fields) {
    this.begin_();
    const chunk = { id: this.id, object: "chat.completion.chunk", model: "step-test", ...fields };
    this.response_.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }

  raw(text) {
    this.begin_();
    this.response_.write(text);
  }

  delta(delta, fields = {}) {
    this.send({ choices: [{ index: 0, delta, finish_reason: null }], ...fields });
  }

  done(finish_reason = "stop", fields = {}) {
    const { finish_cause, usage, ...rest } = fields;
    this.send({ choices: [{ index: 0, delta: {}, finish_reason, finish_cause }], ...rest });
    if (usage) this.send({ choices: [], usage });
    this.response_.end("data: [DONE]\n\n");
  }

  // An error after the stream has begun.
  break_off(error) {
    this.raw(`data: ${JSON.stringify({ error })}\n\n`);
    this.response_.end();
  }

  fail(status, body, headers = {}) {
    this.response_.writeHead(status, { "Content-Type": "application/json", ...headers });
    this.response_.end(JSON.stringify(body));
  }

  // The connection breaks.
  cut() {
    this.response_.destroy();
  }
}

async function read_body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function send_json(response, value, status = 200) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
}

export async function start_mock_server(root, port = 0) {
  const assets = read_assets(root);
  const headers = read_headers(root);
  const state = { script: null, requests: [], controls: [], on_control: () => {}, key: "", loading: 0 };

  function serve_asset(address, response) {
    const asset = assets.get(address);
    if (!asset) return send_json(response, { error: { message: "not found" } }, 404);
    response.writeHead(200, { ...headers, "Content-Type": asset.type, "Cache-Control": "no-cache" });
    return response.end(fs.readFileSync(asset.file));
  }

  async function handle(request, response) {
    const { pathname } = new URL(request.url, "http://localhost");
    if (!/^\/(v1\/|props$)/.test(pathname)) return serve_asset(pathname, response);
    if (state.key && request.headers.authorization !== `Bearer ${state.key}`) {
      return send_json(response, { error: { message: "Invalid API Key", type: "authentication_error" } }, 401);
    }
    if (state.loading > 0) {
      state.loading--;
      return send_json(response, { error: { message: "Loading model" } }, 503);
    }
    if (pathname === "/v1/models") return send_json(response, { object: "list", data: [{ id: "step-test" }] });
    if (pathname === "/props") return send_json(response, { default_generation_settings: { n_ctx: 8192 } });
    const body = JSON.parse(await read_body(request));
    if (pathname === "/v1/chat/completions/control") {
      state.controls.push(body);
      state.on_control(body);
      return send_json(response, { ok: true });
    }
    state.requests.push(body);
    return state.script(body, new Reply(response));
  }

  const server = http.createServer((request, response) => {
    handle(request, response).catch?.((error) => send_json(response, { error: String(error) }, 500));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.address().port}/`,
    answer: (script) => { state.script = script; },
    next: () => new Promise((resolve) => {
      const before = state.script;
      state.script = (body, reply) => {
        state.script = before;
        resolve({ body, reply });
      };
    }),
    close: () => { server.closeAllConnections(); server.close(); },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { showcase } = await import("./scripts.mjs");
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
  const server = await start_mock_server(root, Number(process.argv[2] ?? 8123));
  server.answer(showcase(server));
  console.log(server.url);
}
