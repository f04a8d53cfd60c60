// SPDX-License-Identifier: Apache-2.0
// The settings panel. Every change is checked and passed on at once; a wrong value stays in its
// field with a word about what is wrong, and the last good one holds.
import { h, icon_button } from "./dom.mjs";
import { read_tools } from "./request.mjs";
import { kNumbers, read_number } from "./settings.mjs";

const kSampling = ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed"];

function field(label, control, hint) {
  const problem = h("span", { class: "problem", role: "alert" });
  const element = h("label", { class: "field" }, h("span", { class: "label" }, label), control,
    hint && h("span", { class: "hint" }, hint), problem);
  return { element, control, problem };
}

function mark(part, problem) {
  part.problem.textContent = problem;
  part.control.setAttribute("aria-invalid", String(problem !== ""));
}

export class SettingsView {
  // actions: change_settings(changes), change_conversation({system} or {tools}).
  constructor(dialog, actions) {
    this.dialog_ = dialog;
    this.actions_ = actions;
    this.numbers_ = new Map(kSampling.map((name) => [name, this.number_(name)]));
    this.system_ = field("System prompt", h("textarea", { rows: 4, id: "system",
      onchange: (event) => actions.change_conversation({ system: event.target.value }) }),
      "Kept with this conversation; new ones start with it.");
    this.tools_ = field("Tools", h("textarea", {
      rows: 5, id: "tools", class: "mono", spellcheck: "false",
      placeholder: '[{"name": "get_weather", "description": "…", "parameters": {…}}]',
      onchange: (event) => this.tools_changed_(event.target.value) }),
      "A JSON list of function definitions. You enter what a called tool returns.");
    this.stop_ = field("Stop strings", h("textarea", {
      rows: 2, id: "stop", class: "mono", spellcheck: "false",
      onchange: (event) => actions.change_settings({ stop: event.target.value }) }),
      "One a line; \\n stands for a line end.");
    this.theme_ = field("Colours", h("select", { id: "theme",
      onchange: (event) => actions.change_settings({ theme: event.target.value }) },
      [["auto", "as the system"], ["light", "light"], ["dark", "dark"]].map(([value, name]) =>
        h("option", { value }, name))));
    this.key_ = field("API key", h("input", { type: "password", id: "api_key", autocomplete: "off",
      onchange: (event) => actions.change_settings({ api_key: event.target.value.trim() }) }),
      "Only if the server asks for one. It stays in this browser.");
    this.open_ = h("input", { type: "checkbox", id: "open_reasoning",
      onchange: (event) => actions.change_settings({ open_reasoning: event.target.checked }) });
    dialog.append(this.panel_());
    // A press beside the panel closes it.
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  panel_() {
    return h("div", { class: "panel" },
      h("header", {}, h("h2", { id: "settings-title" }, "Settings"),
        icon_button("close", "Close settings", () => this.dialog_.close())),
      h("section", {}, h("h3", {}, "This conversation"), this.system_.element, this.tools_.element),
      h("section", {}, h("h3", {}, "Sampling"),
        h("p", { class: "hint" }, "An empty field leaves the choice to the server."),
        h("div", { class: "grid" }, [...this.numbers_.values()].map((part) => part.element)),
        this.stop_.element),
      h("section", {}, h("h3", {}, "This page"), this.theme_.element,
        h("label", { class: "check" }, this.open_, "Show reasoning unfolded"), this.key_.element));
  }

  number_(name) {
    const { label, least, greatest, step, hint } = kNumbers[name];
    const part = field(label, h("input", {
      type: "number", id: name, min: least, max: greatest, step, inputmode: "decimal",
      placeholder: "default", oninput: () => {
        // A browser gives "" for what is no number at all.
        const value = part.control.validity.badInput ? undefined
                                                     : read_number(name, part.control.value);
        mark(part, value === undefined ? `A number from ${least} to ${greatest}` : "");
        if (value !== undefined) this.actions_.change_settings({ [name]: value });
      } }), hint);
    return part;
  }

  tools_changed_(text) {
    const { error } = read_tools(text);
    mark(this.tools_, error ?? "");
    if (!error) this.actions_.change_conversation({ tools: text });
  }

  open(settings, { system, tools }) {
    for (const [name, part] of this.numbers_) {
      part.control.value = settings[name];
      mark(part, "");
    }
    this.system_.control.value = system;
    this.tools_.control.value = tools;
    mark(this.tools_, read_tools(tools).error ?? "");
    this.stop_.control.value = settings.stop;
    this.theme_.control.value = settings.theme;
    this.key_.control.value = settings.api_key;
    this.open_.checked = settings.open_reasoning;
    this.dialog_.showModal();
  }

  ask_for_key() {
    this.key_.control.focus();
    this.key_.element.scrollIntoView({ block: "center" });
  }
}
