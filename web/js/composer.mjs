// SPDX-License-Identifier: Apache-2.0
// The field at the foot of the page with what one changes from message to message: effort and
// thinking budget. Enter sends where there is a keyboard; on a phone it makes a new line.
import { h, icon } from "./dom.mjs";
import { kEfforts, kNumbers, read_number } from "./settings.mjs";

const kEffortNames = { "": "default", off: "off", low: "low", medium: "medium", high: "high" };

export function fit_height(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

export class Composer {
  // actions: send(text), stop(), edit_last(), change_settings(changes).
  constructor(actions) {
    this.actions_ = actions;
    this.is_touch_ = matchMedia("(pointer: coarse)").matches;
    this.field_ = h("textarea", {
      rows: 1, id: "message", placeholder: "Write a message", "aria-label": "Message",
      autocomplete: "off", oninput: () => this.changed_(), onkeydown: (event) => this.key_(event),
    });
    this.effort_ = h("select", { id: "effort", onchange: () =>
      actions.change_settings({ effort: this.effort_.value }) },
      kEfforts.map((effort) => h("option", { value: effort }, kEffortNames[effort])));
    this.budget_ = h("input", {
      id: "budget", type: "number", inputmode: "numeric", min: 0, step: kNumbers.budget.step,
      placeholder: "none", onchange: () => this.budget_changed_(),
    });
    this.button_ = h("button", { type: "button", class: "send", onclick: () => this.press_() });
    this.budget_box_ = h("label", { class: "chip", title: kNumbers.budget.hint },
      h("span", {}, "Budget"), this.budget_);
    this.element = h("div", { class: "composer" }, this.field_,
      h("div", { class: "composer-row" },
        h("label", { class: "chip", title: "How hard the model thinks before it answers" },
          icon("thought"), h("span", {}, "Thinking"), this.effort_),
        this.budget_box_, h("span", { class: "spacer" }), this.button_));
    this.show_running(false);
  }

  focus() {
    this.field_.focus();
  }

  // On a phone the focus would open the keyboard over half of the page.
  focus_if_keyboard() {
    if (!this.is_touch_) this.focus();
  }

  get text() {
    return this.field_.value;
  }

  set text(value) {
    this.field_.value = value;
    this.changed_();
  }

  show_settings(settings) {
    this.effort_.value = settings.effort;
    this.budget_.value = settings.budget;
    this.budget_box_.hidden = settings.effort === "off";
  }

  show_running(is_running) {
    this.is_running_ = is_running;
    const label = is_running ? "Stop (Esc)" : "Send (Enter)";
    this.button_.replaceChildren(icon(is_running ? "stop" : "send"));
    this.button_.title = label;
    this.button_.setAttribute("aria-label", is_running ? "Stop" : "Send");
    this.button_.classList.toggle("running", is_running);
    this.changed_();
  }

  changed_() {
    fit_height(this.field_);
    this.button_.disabled = !this.is_running_ && !this.field_.value.trim();
  }

  budget_changed_() {
    const budget = read_number("budget", this.budget_.value);
    this.budget_.setAttribute("aria-invalid", String(budget === undefined));
    if (budget !== undefined) this.actions_.change_settings({ budget });
  }

  press_() {
    if (this.is_running_) this.actions_.stop();
    else this.send_();
  }

  send_() {
    const text = this.field_.value;
    if (this.is_running_ || !text.trim()) return;
    if (this.actions_.send(text)) this.text = "";
  }

  key_(event) {
    if (event.isComposing) return;
    const is_plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter" && is_plain && !this.is_touch_) {
      event.preventDefault();
      this.send_();
    } else if (event.key === "ArrowUp" && is_plain && this.field_.value === "") {
      event.preventDefault();
      this.actions_.edit_last();
    }
  }
}
