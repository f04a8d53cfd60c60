// SPDX-License-Identifier: Apache-2.0
// A conversation: a tree of messages, of which one path is shown. Editing a message or generating
// an answer again adds a sibling; nothing is overwritten.
//
// Invariants: every node but the first ones names a parent that stands earlier in `nodes` (a Map
// in order of making), so there are no cycles; `picked` maps a parent ("" for the top) to one of
// its children. Roles: user, assistant, and tool, which holds all results of one assistant turn.

export function new_id() {
  // randomUUID exists only on secure origins, and a phone reaches the server without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function create_conversation({ system = "", tools = "" } = {}, now = Date.now()) {
  return { id: new_id(), title: "", created: now, updated: now, system, tools,
           nodes: new Map(), picked: new Map() };
}

export function children(conversation, parent) {
  return [...conversation.nodes.values()].filter((node) => node.parent === parent);
}

// Adds a message under `parent` ("" for the top) and shows it.
export function add_node(conversation, parent, fields, now = Date.now()) {
  if (parent !== "" && !conversation.nodes.has(parent)) throw new Error("no such parent message");
  const node = { id: new_id(), parent, created: now, ...fields };
  conversation.nodes.set(node.id, node);
  conversation.picked.set(parent, node.id);
  conversation.updated = now;
  if (!conversation.title && node.role === "user") conversation.title = title_of(node.content);
  return node;
}

// The messages shown, from the first to the last.
export function shown_path(conversation) {
  const path = [];
  let id = conversation.picked.get("");
  while (id !== undefined) {
    const node = conversation.nodes.get(id);
    if (!node) break;
    path.push(node);
    id = conversation.picked.get(id);
  }
  return path;
}

// The messages from the first to this one.
export function path_to(conversation, id) {
  const path = [];
  for (let node = conversation.nodes.get(id); node; node = conversation.nodes.get(node.parent)) {
    path.push(node);
  }
  return path.reverse();
}

// Which of its siblings a message is: {index, count}, index from 0.
export function place_among_siblings(conversation, id) {
  const siblings = children(conversation, conversation.nodes.get(id).parent);
  return { index: siblings.findIndex((node) => node.id === id), count: siblings.length };
}

// Shows the sibling `step` places further; does nothing past the ends.
export function pick_sibling(conversation, id, step) {
  const parent = conversation.nodes.get(id).parent;
  const siblings = children(conversation, parent);
  const next = siblings[siblings.findIndex((node) => node.id === id) + step];
  if (next) conversation.picked.set(parent, next.id);
  return next;
}

// Takes a message without children out, for one that never came to hold anything.
export function remove_leaf(conversation, id) {
  const node = conversation.nodes.get(id);
  if (!node || children(conversation, id).length > 0) return;
  conversation.nodes.delete(id);
  const left = children(conversation, node.parent);
  if (left.length > 0) conversation.picked.set(node.parent, left[left.length - 1].id);
  else conversation.picked.delete(node.parent);
}

const kTitleLength = 60;

// The first line of a message, cut at a word.
export function title_of(text) {
  const line = text.trim().split("\n", 1)[0].replace(/[#*`_>]+/g, "").replace(/\s+/g, " ").trim();
  const characters = Array.from(line);
  if (characters.length <= kTitleLength) return line || "New conversation";
  const cut = characters.slice(0, kTitleLength).join("");
  const space = cut.lastIndexOf(" ");
  return `${cut.slice(0, space > kTitleLength / 2 ? space : cut.length)}…`;
}
