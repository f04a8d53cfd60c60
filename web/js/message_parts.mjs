// SPDX-License-Identifier: Apache-2.0
// Parts that messages are made of: the folded reasoning, the progress of the prompt, the switch
// between branches, the note on how an answer ended.
import { h, icon, icon_button } from "./dom.mjs";
import { duration, prompt_progress, tokens } from "./figures.mjs";
import { MarkdownView } from "./markdown_view.mjs";
import { reasoning_tokens } from "./turn.mjs";

const kPreviewLength = 160;

// The reasoning, folded: a line with its length, and while it is written its latest words and a
// button that ends it. The text itself is rendered only while it is open.
export class ReasoningPart {
  constructor(actions, is_open) {
    this.label_ = h("span", { class: "reasoning-label" });
    this.preview_ = h("span", { class: "reasoning-preview", "aria-hidden": "true" });
    this.body_ = h("div", { class: "reasoning-body markdown" });
    this.details_ = h("details", { open: is_open, ontoggle: () => this.render_() },
      h("summary", {}, icon("chevron"), this.label_, this.preview_), this.body_);
    this.now_ = h("button", { type: "button", class: "small-button answer-now",
                              title: "End the reasoning and answer (Ctrl+Enter)",
                              onclick: () => actions.answer_now() }, "Answer now");
    this.element = h("div", { class: "reasoning", hidden: true }, this.details_, this.now_);
    this.view_ = new MarkdownView(this.body_);
    this.turn_ = null;
  }

  toggle() {
    this.details_.open = !this.details_.open;
  }

  update(turn, is_ending) {
    this.turn_ = turn;
    const is_thinking = turn.phase === "reasoning";
    this.element.hidden = !turn.reasoning;
    this.element.classList.toggle("active", is_thinking);
    this.now_.hidden = !is_thinking || !turn.completion_id;
    this.now_.disabled = is_ending;
    this.now_.textContent = is_ending ? "Ending…" : "Answer now";
    const n = reasoning_tokens(turn);
    const counted = n > 0 ? ` · ${tokens(n)}` : "";
    const time = turn.reasoning_ms >= 100 ? ` for ${duration(turn.reasoning_ms)}` : "";
    this.label_.textContent = is_thinking ? `Thinking${counted}` : `Thought${time}${counted}`;
    this.preview_.textContent = is_thinking ? last_words(turn.reasoning) : "";
    this.render_();
  }

  render_() {
    if (this.turn_ && this.details_.open) {
      this.view_.update(this.turn_.reasoning, this.turn_.phase !== "reasoning");
    }
  }
}

function last_words(text) {
  const tail = text.slice(-kPreviewLength);
  const flat = tail.replace(/\s+/g, " ").trimStart();
  return text.length > kPreviewLength ? flat.slice(flat.indexOf(" ") + 1) : flat;
}

export class ProgressPart {
  constructor() {
    this.text_ = h("span", {});
    this.bar_ = h("progress", { max: "1", "aria-label": "Progress of the prompt" });
    this.element = h("div", { class: "progress", hidden: true },
      h("div", { class: "progress-line" },
        h("span", { class: "pulse", "aria-hidden": "true" }), this.text_), this.bar_);
  }

  update(turn) {
    const is_shown = turn.phase === "waiting" || turn.phase === "prompt";
    this.element.hidden = !is_shown;
    if (!is_shown) return;
    const progress = turn.progress && prompt_progress(turn.progress);
    const waiting = turn.queued || "waiting for the server";
    this.text_.textContent = progress?.text ?? waiting[0].toUpperCase() + waiting.slice(1);
    this.bar_.hidden = !progress;
    if (progress) this.bar_.value = progress.fraction;
  }
}

// "‹ 2/3 ›"; nothing where a message has no siblings.
export class BranchSwitch {
  constructor(pick) {
    this.place_ = h("span", {});
    this.back_ = icon_button("left", "Previous version", () => pick(-1));
    this.next_ = icon_button("right", "Next version", () => pick(1));
    this.element = h("div", { class: "branches", role: "group", "aria-label": "Versions",
                              hidden: true },
      this.back_, this.place_, this.next_);
  }

  update({ index, count }) {
    this.element.hidden = count < 2;
    this.place_.textContent = `${index + 1}/${count}`;
    this.back_.disabled = index === 0;
    this.next_.disabled = index + 1 >= count;
  }
}

const kCauses = {
  context_end: "The context is full. Start a new conversation, or edit an earlier message.",
  loop: "The server ended the answer because it went round in circles.",
};

// How an answer ended where that is worth a word: {text, can_continue, is_error}, or null.
export function ending_note(turn) {
  if (turn.state === "error") {
    const text = turn.error?.message || "Something went wrong.";
    return { text, can_continue: false, is_error: true };
  }
  if (turn.state === "cut") {
    return { text: "The connection broke before the answer was complete.", can_continue: true,
             is_error: true };
  }
  if (turn.state === "stopped") return { text: "Stopped.", can_continue: true, is_error: false };
  if (turn.state === "done" && kCauses[turn.finish_cause]) {
    return { text: kCauses[turn.finish_cause], can_continue: false, is_error: false };
  }
  if (turn.state === "done" && turn.finish_reason === "length") {
    return { text: "The answer reached its token limit.", can_continue: true, is_error: false };
  }
  if (turn.state === "done" && !turn.content && turn.tool_calls.length === 0) {
    return { text: "The answer is empty.", can_continue: false, is_error: false };
  }
  return null;
}
