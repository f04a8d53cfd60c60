// SPDX-License-Identifier: Apache-2.0
// A message of the user on the page, as it was typed. Editing it makes a new version beside it.
import { copy_button, h, icon_button } from "./dom.mjs";
import { fit_height } from "./composer.mjs";
import { BranchSwitch } from "./message_parts.mjs";

const kFoldedLength = 3000;
const kFoldedLines = 24;

export class UserView {
  constructor(node, actions) {
    this.node = node;
    this.actions_ = actions;
    this.branches_ = new BranchSwitch((step) => actions.pick(node.id, step));
    this.text_ = h("div", { class: "bubble" }, node.content);
    this.tools_ = h("div", { class: "actions" }, this.branches_.element,
      copy_button("Copy message", () => node.content),
      icon_button("edit", "Edit message", () => this.edit()));
    this.element = h("article", { class: "message user", "aria-label": "Your message" },
      this.text_, this.fold_(), this.tools_);
    this.element.dataset.id = node.id;
  }

  // Pasted files fill many screens; they start folded.
  fold_() {
    const { content } = this.node;
    const n_line = content.split("\n", kFoldedLines + 1).length;
    if (content.length < kFoldedLength && n_line <= kFoldedLines) return null;
    this.text_.classList.add("folded");
    const button = h("button", { type: "button", class: "text-button", onclick: () => {
      const folded = this.text_.classList.toggle("folded");
      button.textContent = folded ? "Show all" : "Show less";
    } }, "Show all");
    return button;
  }

  update({ place }) {
    this.branches_.update(place);
  }

  edit() {
    if (this.form_) return;
    const field = h("textarea", { "aria-label": "Edit message", value: this.node.content, rows: 1,
                                  oninput: () => fit_height(field) });
    const close = () => {
      this.form_.replaceWith(this.text_);
      this.form_ = null;
      this.tools_.hidden = false;
      this.element.classList.remove("editing");
    };
    const send = () => {
      const text = field.value;
      const is_new = text.trim() && text !== this.node.content;
      if (!is_new || this.actions_.edit(this.node.id, text)) close();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.form_ = h("div", { class: "edit-form" }, field,
      h("div", { class: "row" },
        h("button", { type: "button", class: "secondary", onclick: close }, "Cancel"),
        h("button", { type: "button", class: "primary", onclick: send }, "Send")));
    this.text_.replaceWith(this.form_);
    this.tools_.hidden = true;
    this.element.classList.add("editing");
    fit_height(field);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}
