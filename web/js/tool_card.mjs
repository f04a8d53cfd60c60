// SPDX-License-Identifier: Apache-2.0
// A call of a tool as a card: its name, its arguments laid out, and the result: given already, or
// a field to enter it. While the call still arrives its arguments are shown as they are.
import { h, icon } from "./dom.mjs";
import { code_block, grow_code } from "./enrich.mjs";

// The arguments laid out, or null while they are not complete JSON.
export function pretty_arguments(text) {
  try {
    return JSON.stringify(JSON.parse(text || "{}"), null, 2);
  } catch {
    return null;
  }
}

// An empty object says nothing; the name is enough.
function is_bare(call) {
  return /^\s*(\{\s*\})?\s*$/.test(call.arguments);
}

export class ToolCard {
  constructor(call) {
    this.name_ = h("code", { class: "tool-name" });
    this.status_ = h("span", { class: "tool-status" });
    this.arguments_ = h("div", { class: "tool-arguments" });
    this.result_ = h("div", { class: "tool-result" });
    this.shown_ = null;
    this.field = null;
    this.element = h("section", { class: "tool-card" },
      h("header", {}, icon("tool"), this.name_, this.status_), this.arguments_, this.result_);
    this.element.setAttribute("aria-label", `Call of ${call.name}`);
  }

  // phase: arriving, waiting (for the user to enter the result), answered, cut, idle (an answer
  // that was shown again and has no result).
  update(call, phase, result) {
    this.name_.textContent = call.name || "…";
    this.element.setAttribute("aria-label", `Call of ${call.name}`);
    this.element.dataset.phase = phase;
    const words = { arriving: "arriving", waiting: "waits for a result", answered: "answered",
                    cut: "not complete", idle: "not answered" };
    this.status_.textContent = words[phase];
    this.show_arguments_(call, phase);
    this.show_result_(call, phase, result);
  }

  show_arguments_(call, phase) {
    const pretty = phase === "arriving" ? null : pretty_arguments(call.arguments);
    const text = pretty ?? call.arguments;
    if (text === this.shown_) return;
    this.shown_ = text;
    this.arguments_.hidden = is_bare(call);
    const block = code_block(text, pretty === null ? "arguments" : "json");
    if (!grow_code(this.arguments_.firstElementChild, block)) {
      this.arguments_.replaceChildren(block);
    }
  }

  show_result_(call, phase, result) {
    if (phase === "answered") {
      this.field = null;
      this.result_.replaceChildren(h("div", { class: "label" }, "Result"),
                                   h("pre", { tabindex: "0" }, result || "(empty)"));
    } else if (phase === "waiting" && !this.field) {
      this.field = h("textarea", { rows: 2, placeholder: "What the tool returned",
                                   "aria-label": `Result of ${call.name}` });
      this.result_.replaceChildren(h("label", { class: "label" }, "Result", this.field));
    } else if (phase !== "waiting") {
      this.field = null;
      this.result_.replaceChildren();
    }
  }
}
