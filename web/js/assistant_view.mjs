// SPDX-License-Identifier: Apache-2.0
// An answer of the model on the page: reasoning, text, calls of tools, how it ended, its figures
// and what can be done with it. update() may be called for every chunk; it only touches what
// changed.
import { append, copy_button, h, icon, icon_button } from "./dom.mjs";
import { prompt_summary, summary } from "./figures.mjs";
import { MarkdownView } from "./markdown_view.mjs";
import { BranchSwitch, ending_note, ProgressPart, ReasoningPart } from "./message_parts.mjs";
import { pretty_arguments, ToolCard } from "./tool_card.mjs";
import { is_empty } from "./turn.mjs";

const kLongestSaid = 600;

export class AssistantView {
  constructor(node, actions, { open_reasoning, notices }) {
    this.node = node;
    this.actions_ = actions;
    this.cards_ = [];
    this.reasoning_ = new ReasoningPart(actions, open_reasoning);
    this.progress_ = new ProgressPart();
    this.content_ = h("div", { class: "content markdown" });
    this.view_ = new MarkdownView(this.content_, (text) => {
      if (this.was_streaming_) notices.announce(text.slice(0, kLongestSaid));
    });
    this.was_streaming_ = false;
    this.calls_ = h("div", { class: "calls" });
    this.send_ = h("button", { type: "button", class: "primary send-results",
                               onclick: () => this.send_results_() }, "Send results");
    this.result_branches_ = new BranchSwitch((step) => actions.pick(this.results_.id, step));
    this.results_row_ = h("div", { class: "results-row" },
      this.send_, this.result_branches_.element);
    this.note_ = h("div", { class: "note", hidden: true });
    this.figures_ = h("div", { class: "figures" });
    this.branches_ = new BranchSwitch((step) => actions.pick(node.id, step));
    this.tools_ = h("div", { class: "actions" },
      copy_button("Copy answer", () => this.node.content),
      icon_button("again", "Answer again", () => actions.regenerate(node.id)),
      this.branches_.element);
    this.element = h("article", { class: "message assistant", "aria-label": "Answer" },
      this.reasoning_.element, this.content_, this.calls_, this.results_row_,
      this.progress_.element, this.note_, h("footer", {}, this.tools_, this.figures_));
    this.element.dataset.id = node.id;
  }

  toggle_reasoning() {
    this.reasoning_.toggle();
  }

  // context: {is_last, is_ending, place, results, results_place}; results is the message that
  // holds the results of this answer's calls, if there is one.
  update(context) {
    const { node } = this;
    const is_streaming = node.state === "streaming";
    this.was_streaming_ ||= is_streaming;
    this.results_ = context.results;
    this.element.classList.toggle("streaming", is_streaming);
    this.element.setAttribute("aria-busy", String(is_streaming));
    this.reasoning_.update(node, context.is_ending);
    this.progress_.update(node);
    this.view_.update(node.content, !is_streaming);
    this.content_.hidden = !node.content;
    this.update_calls_(context);
    this.update_note_(context);
    this.tools_.hidden = is_streaming || (this.has_failed_() && context.place.count < 2);
    this.branches_.update(context.place);
    const facts = [...summary(node.figures), ...prompt_summary(node.figures)];
    this.figures_.textContent = facts.join(" · ");
  }

  // Nothing came; the note on it offers to try again.
  has_failed_() {
    return is_empty(this.node) && (ending_note(this.node)?.is_error ?? false);
  }

  update_calls_({ is_last, results, results_place }) {
    const { node } = this;
    const is_open = is_last && !results && node.state === "done";
    for (const [index, call] of node.tool_calls.entries()) {
      this.cards_[index] ??= this.add_card_(call);
      const result = results?.results.find((entry) => entry.id === call.id);
      this.cards_[index].update(call, this.call_phase_(call, is_open, results), result?.content);
    }
    this.results_row_.hidden = node.tool_calls.length === 0 ||
                               (!is_open && !(results_place?.count > 1));
    this.send_.hidden = !is_open;
    this.result_branches_.update(results_place ?? { index: 0, count: 1 });
  }

  add_card_(call) {
    const card = new ToolCard(call);
    this.calls_.append(card.element);
    return card;
  }

  call_phase_(call, is_open, results) {
    if (this.node.state === "streaming") return "arriving";
    if (results) return "answered";
    if (pretty_arguments(call.arguments) === null) return "cut";
    return is_open ? "waiting" : "idle";
  }

  send_results_() {
    const results = this.node.tool_calls.map((call, index) => ({
      id: call.id, name: call.name, content: this.cards_[index].field?.value ?? "",
    }));
    this.actions_.send_results(this.node.id, results);
  }

  update_note_({ is_last }) {
    const note = this.node.state === "streaming" ? null : ending_note(this.node);
    this.note_.hidden = !note;
    const key = note ? `${note.text} ${is_last}` : "";
    if (!note || this.note_.dataset.key === key) return;
    this.note_.dataset.key = key;
    this.note_.classList.toggle("error", note.is_error);
    if (note.is_error) this.note_.setAttribute("role", "alert");
    const id = this.node.id;
    const can_continue = note.can_continue && is_last && this.node.content &&
                         this.node.tool_calls.length === 0;
    this.note_.replaceChildren();
    append(this.note_, [h("span", {}, note.text),
      can_continue && h("button", { type: "button", class: "small-button",
        onclick: () => this.actions_.continue_answer(id) }, icon("forward"), "Continue"),
      note.is_error && h("button", { type: "button", class: "small-button",
        onclick: () => this.actions_.retry(id) }, icon("again"), "Try again")]);
  }
}
