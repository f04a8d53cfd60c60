// SPDX-License-Identifier: Apache-2.0
// Conversations as a file: export, and import of files from anywhere. Nothing of a file is taken
// over as it stands: every field is read by name, its type and size are checked, and a new object
// is built, so that a hostile file can neither bring keys of its own nor a tree with cycles.
// Damaged conversations are named and left out; the others are imported.
import { new_id } from "./tree.mjs";

export const kFormat = "stride-conversations";
export const kVersion = 1;
export const kMaxFileBytes = 256 << 20;
const kMaxConversations = 100000;
const kMaxNodes = 100000;
const kMaxTitle = 200;
const kMaxCalls = 256;
const kMaxText = 32 << 20;
const kId = /^[A-Za-z0-9-]{1,64}$/;
const kStates = ["done", "stopped", "cut", "error"];
const kFigures = ["cache_n", "prompt_n", "prompt_ms", "predicted_n", "predicted_ms",
                  "predicted_per_second", "draft_n", "draft_n_accepted", "prompt_tokens",
                  "completion_tokens", "reasoning_tokens"];

export function to_plain(conversation) {
  return { ...conversation, nodes: [...conversation.nodes.values()],
           picked: [...conversation.picked] };
}

export function export_text(conversations) {
  const file = { format: kFormat, version: kVersion, exported: new Date().toISOString(),
                 conversations: conversations.map(to_plain) };
  return JSON.stringify(file, null, 1);
}

class Damaged extends Error {}

function text(source, name, where, longest = kMaxText) {
  const value = source[name] ?? "";
  if (typeof value !== "string") throw new Damaged(`${where}.${name} is not a text`);
  if (value.length > longest) throw new Damaged(`${where}.${name} is too long`);
  return value;
}

function time(source, name) {
  const value = source[name];
  return Number.isFinite(value) && value >= 0 && value < 8.64e15 ? value : 0;
}

function list(source, name, where, longest) {
  const value = source[name] ?? [];
  if (!Array.isArray(value)) throw new Damaged(`${where}.${name} is not a list`);
  if (value.length > longest) {
    throw new Damaged(`${where}.${name} has more than ${longest} entries`);
  }
  return value;
}

function object(value, where) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Damaged(`${where} is not an object`);
  }
  return value;
}

function read_figures(source) {
  const figures = {};
  if (typeof source !== "object" || source === null) return figures;
  for (const name of kFigures) {
    if (Number.isFinite(source[name]) && source[name] >= 0) figures[name] = source[name];
  }
  return figures;
}

function read_assistant(source, where) {
  const calls = list(source, "tool_calls", where, kMaxCalls).map((entry, index) => {
    const place = `${where}.tool_calls[${index}]`;
    const call = object(entry, place);
    return { id: text(call, "id", place), name: text(call, "name", place),
             arguments: text(call, "arguments", place) };
  });
  const state = kStates.includes(source.state) ? source.state : "cut";
  const message = state === "error" ? text(source.error ?? {}, "message", `${where}.error`) : "";
  return {
    content: text(source, "content", where), reasoning: text(source, "reasoning", where),
    tool_calls: calls, model: text(source, "model", where, 1000), state, phase: "", queued: "",
    completion_id: "", finish_reason: text(source, "finish_reason", where, 100),
    finish_cause: text(source, "finish_cause", where, 100),
    error: state === "error" ? { message, status: 0 } : null,
    began: time(source, "began"), writing_began: 0, reasoning_began: 0,
    reasoning_ms: time(source, "reasoning_ms"),
    progress: null, figures: read_figures(source.figures),
  };
}

function read_results(source, where) {
  return list(source, "results", where, kMaxCalls).map((entry, index) => {
    const place = `${where}.results[${index}]`;
    const result = object(entry, place);
    return { id: text(result, "id", place), name: text(result, "name", place),
             content: text(result, "content", place) };
  });
}

// What may follow what: the server would refuse other orders.
const kParents = { user: ["", "assistant", "user"], assistant: ["user", "tool"],
                   tool: ["assistant"] };

function read_node(value, where, nodes) {
  const source = object(value, where);
  if (typeof source.id !== "string" || !kId.test(source.id)) {
    throw new Damaged(`${where}.id is not an identifier`);
  }
  if (nodes.has(source.id)) throw new Damaged(`${where}.id is there twice`);
  const parent = source.parent ?? "";
  if (parent !== "" && !nodes.has(parent)) {
    throw new Damaged(`${where}.parent names no earlier message`);
  }
  const role = Object.hasOwn(kParents, source.role) ? source.role : undefined;
  if (!role) throw new Damaged(`${where}.role is unknown`);
  if (!kParents[role].includes(parent === "" ? "" : nodes.get(parent).role)) {
    throw new Damaged(`${where} is of role ${role}, which cannot stand there`);
  }
  const common = { id: source.id, parent, created: time(source, "created"), role };
  if (role === "user") return { ...common, content: text(source, "content", where) };
  if (role === "tool") return { ...common, results: read_results(source, where) };
  return { ...common, ...read_assistant(source, where) };
}

function read_picked(source, where, nodes) {
  const picked = new Map();
  for (const node of nodes.values()) picked.set(node.parent, node.id);
  for (const entry of list(source, "picked", where, kMaxNodes)) {
    if (!Array.isArray(entry) || entry.length !== 2) continue;
    const [parent, child] = entry;
    if (nodes.get(child)?.parent === parent) picked.set(parent, child);
  }
  return picked;
}

export function read_conversation(value, where) {
  const source = object(value, where);
  if (typeof source.id !== "string" || !kId.test(source.id)) {
    throw new Damaged(`${where}.id is not an identifier`);
  }
  const nodes = new Map();
  for (const [index, entry] of list(source, "nodes", where, kMaxNodes).entries()) {
    const node = read_node(entry, `${where}.nodes[${index}]`, nodes);
    nodes.set(node.id, node);
  }
  if (nodes.size === 0) throw new Damaged(`${where} has no messages`);
  return {
    id: source.id, title: text(source, "title", where).slice(0, kMaxTitle) || "New conversation",
    created: time(source, "created"), updated: time(source, "updated"),
    system: text(source, "system", where), tools: text(source, "tools", where),
    nodes, picked: read_picked(source, where, nodes),
  };
}

// Reads a file: {conversations, problems}, or {error}, one sentence, if it is none of ours.
export function import_text(file_text) {
  let file;
  try {
    file = JSON.parse(file_text);
  } catch {
    return { error: "The file is not valid JSON" };
  }
  if (file?.format !== kFormat) return { error: "The file does not hold conversations of Stride" };
  if (file.version !== kVersion) {
    return { error: `The file is of version ${JSON.stringify(file.version)}; ` +
                    `this page reads version ${kVersion}` };
  }
  if (!Array.isArray(file.conversations) || file.conversations.length > kMaxConversations) {
    return { error: "The file has no list of conversations" };
  }
  const conversations = [];
  const problems = [];
  for (const [index, entry] of file.conversations.entries()) {
    try {
      conversations.push(read_conversation(entry, `conversations[${index}]`));
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      problems.push(error.message);
    }
  }
  return { conversations, problems };
}

// The messages of a conversation as an import would read them; which branch is shown is no part.
function messages_of(conversation) {
  const read = read_conversation(to_plain(conversation), "conversation");
  return JSON.stringify([read.system, read.tools, [...read.nodes.values()]]);
}

// Gives a conversation whose identifier is taken a new one; nothing if it is the same one.
export function place_import(conversation, existing) {
  if (!existing) return conversation;
  if (messages_of(existing) === messages_of(conversation)) return undefined;
  return { ...conversation, id: new_id() };
}
