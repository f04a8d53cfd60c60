// SPDX-License-Identifier: Apache-2.0
// The shown path of a conversation. Views are kept by message, so that switching a branch or
// adding a message leaves everything above it in place.
import { AssistantView } from "./assistant_view.mjs";
import { h } from "./dom.mjs";
import { place_among_siblings, shown_path } from "./tree.mjs";
import { UserView } from "./user_view.mjs";

export class ChatView {
  // read_options() gives {open_reasoning, notices} for new answers.
  constructor(element, welcome, actions, runs, read_options) {
    this.element_ = element;
    this.welcome_ = welcome;
    this.actions_ = actions;
    this.runs_ = runs;
    this.read_options_ = read_options;
    this.views_ = new Map();
    this.conversation_ = null;
  }

  show(conversation) {
    if (conversation !== this.conversation_) {
      this.views_.clear();
      this.conversation_ = conversation;
    }
    const path = conversation ? shown_path(conversation) : [];
    const elements = [];
    const kept = new Map();
    for (const node of path) {
      if (node.role === "tool") continue;
      const view = this.views_.get(node.id) ?? this.make_view_(node);
      kept.set(node.id, view);
      elements.push(view.element);
    }
    this.views_ = kept;
    this.replace_from_first_change_(elements);
    path.forEach((node, index) => this.update_at_(path, index));
    this.welcome_.hidden = elements.length > 0;
  }

  replace_from_first_change_(elements) {
    const old = [...this.element_.children];
    let same = 0;
    while (same < old.length && old[same] === elements[same]) same++;
    old.slice(same).forEach((element) => element.remove());
    this.element_.append(...elements.slice(same));
  }

  make_view_(node) {
    return node.role === "user" ? new UserView(node, this.actions_)
                                : new AssistantView(node, this.actions_, this.read_options_());
  }

  update_at_(path, index) {
    const node = path[index];
    const view = this.views_.get(node.id);
    if (!view) return;
    const results = path[index + 1]?.role === "tool" ? path[index + 1] : undefined;
    view.update({
      is_last: index === path.length - 1,
      is_ending: this.runs_.of(this.conversation_.id)?.ending ?? false,
      place: place_among_siblings(this.conversation_, node.id),
      results,
      results_place: results && place_among_siblings(this.conversation_, results.id),
    });
  }

  // The last message changed, the way it does for every chunk of an answer.
  update_last() {
    const path = shown_path(this.conversation_);
    if (path.length > 0) this.update_at_(path, path.length - 1);
  }

  view_of(id) {
    return this.views_.get(id);
  }

  last_user_view() {
    return [...this.views_.values()].findLast((view) => view instanceof UserView);
  }

  last_answer_view() {
    return [...this.views_.values()].findLast((view) => view instanceof AssistantView);
  }
}

// What an empty conversation shows.
export function welcome(set_text) {
  const ideas = ["Explain how speculative decoding works", "Write a haiku about patience",
                 "Prove that √2 is irrational", "Find the bug in my code"];
  return h("div", { class: "welcome" }, h("h2", {}, "What shall we think about?"),
    h("div", { class: "ideas" }, ideas.map((idea) =>
      h("button", { type: "button", onclick: () => set_text(idea) }, idea))));
}
