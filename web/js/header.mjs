// SPDX-License-Identifier: Apache-2.0
// The bar above the conversation: the model and whether it is ready, how full the context is, and
// the buttons of the page. While the server loads or is gone it asks again every few seconds.
import { read_server } from "./api.mjs";
import { h, icon, icon_button } from "./dom.mjs";
import { count } from "./figures.mjs";

const kAskAgain = 1500;
const kDrawerOnly = { class: "icon-button drawer-only" };
const kKeyboardOnly = { class: "icon-button keyboard-only" };
const kThemes = { auto: ["half", "Colours as the system"], light: ["sun", "Light colours"],
                  dark: ["moon", "Dark colours"] };

export class Header {
  // actions: toggle_sidebar(), create(), settings(), help(), next_theme().
  constructor(element, actions) {
    this.server = { model: "", context: 0 };
    this.used_ = 0;
    this.model_ = h("span", { class: "model" });
    this.state_ = h("span", { class: "state", role: "status" });
    this.meter_ = h("meter", { min: 0, max: 1, high: 0.8, optimum: 0 });
    this.context_text_ = h("span", {});
    this.context_ = h("div", { class: "context", hidden: true }, this.meter_, this.context_text_);
    this.theme_ = icon_button("half", "", () => actions.next_theme());
    element.append(
      icon_button("menu", "Conversations", () => actions.toggle_sidebar(), kDrawerOnly),
      h("div", { class: "server" }, this.model_, this.state_), h("span", { class: "spacer" }),
      this.context_,
      icon_button("plus", "New conversation (Ctrl+K)", () => actions.create(), kDrawerOnly),
      this.theme_,
      icon_button("keyboard", "Keyboard shortcuts (?)", () => actions.help(), kKeyboardOnly),
      icon_button("settings", "Settings (Ctrl+,)", () => actions.settings()));
  }

  show_theme(theme) {
    const [name, label] = kThemes[theme];
    this.theme_.replaceChildren(icon(name));
    this.theme_.title = label;
    this.theme_.setAttribute("aria-label", label);
  }

  show_context(used) {
    this.used_ = used;
    const { context } = this.server;
    this.context_.hidden = !context || !used;
    if (this.context_.hidden) return;
    this.meter_.value = used / context;
    this.context_text_.textContent = `${count(used)} / ${count(context)}`;
    this.context_.title = `${count(used)} of ${count(context)} tokens of the context are used`;
  }

  async ask_server(key) {
    clearTimeout(this.timer_);
    try {
      this.server = await read_server(key);
      this.say_(this.server.model, "", "ready");
      this.show_context(this.used_);
    } catch (error) {
      const text = error.status === 503 ? "loading the model" : error.message.replace(/\.$/, "");
      this.say_(this.server.model, text, error.status === 503 ? "loading" : "gone");
      // A wrong key does not become right by asking again.
      if (error.status !== 401) this.timer_ = setTimeout(() => this.ask_server(key), kAskAgain);
    }
  }

  say_(model, text, kind) {
    this.model_.textContent = model;
    this.state_.textContent = text;
    this.state_.dataset.kind = kind;
  }
}
