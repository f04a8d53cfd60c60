// SPDX-License-Identifier: Apache-2.0
// The list of conversations: by day, with a filter, renaming and deleting, export and import. On a
// narrow page it is a drawer over the conversation.
import { h, icon, icon_button } from "./dom.mjs";

const kDay = 86400000;

// In which group a time falls: by calendar days, not by hours passed.
export function day_group(time, now) {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  if (time >= midnight - kDay) return "Yesterday";
  if (time >= midnight - 7 * kDay) return "Last seven days";
  return "Earlier";
}

export class Sidebar {
  // actions: open(id), create(), rename(id, title), remove(id), export_all(), import_file(file).
  constructor(element, actions, { is_running }) {
    this.element_ = element;
    this.actions_ = actions;
    this.is_running_ = is_running;
    this.heads_ = [];
    this.current_ = null;
    this.filter_ = h("input", { type: "search", placeholder: "Search titles",
                                "aria-label": "Search conversations by title",
                                oninput: () => this.render_() });
    this.list_ = h("nav", { class: "conversations", "aria-label": "Conversations" });
    this.close_ = icon_button("close", "Close the list", () => this.toggle(false),
                              { class: "icon-button drawer-only" });
    const file = h("input", { type: "file", accept: ".json,application/json", hidden: true,
                              "aria-label": "File to import",
                              onchange: () => this.take_file_(file) });
    element.append(
      h("div", { class: "sidebar-head" },
        h("img", { src: "web/icon.svg", alt: "", width: 24, height: 24 }),
        h("strong", {}, "Stride"), h("span", { class: "spacer" }),
        this.close_),
      h("button", { type: "button", class: "new-chat", onclick: () => actions.create() },
        icon("plus"), "New conversation"),
      this.filter_, this.list_,
      h("div", { class: "sidebar-foot" },
        h("button", { type: "button", class: "text-button", onclick: () => actions.export_all() },
          icon("export"), "Export"),
        h("button", { type: "button", class: "text-button", onclick: () => file.click() },
          icon("import"), "Import"), file));
  }

  take_file_(input) {
    const [file] = input.files;
    input.value = "";
    if (file) this.actions_.import_file(file);
  }

  show(heads, current) {
    // Saving an answer that is being written asks for this every second: a list that is the same
    // stays, with the focus or the title that is being edited in it.
    const key = JSON.stringify([current, heads, heads.map((head) => this.is_running_(head.id))]);
    if (key === this.key_) return;
    this.key_ = key;
    this.heads_ = heads;
    this.current_ = current;
    this.render_();
  }

  // Opens or closes the drawer of a narrow page.
  toggle(open = !document.body.classList.contains("drawer-open")) {
    document.body.classList.toggle("drawer-open", open);
    document.getElementById("main").inert = open;
    if (open) this.close_.focus();
  }

  render_() {
    const wanted = this.filter_.value.trim().toLowerCase();
    const heads = this.heads_.filter((head) => head.title.toLowerCase().includes(wanted));
    const now = Date.now();
    const items = [];
    let group = "";
    for (const head of heads) {
      const its_group = day_group(head.updated, now);
      if (its_group !== group) items.push(h("h2", {}, its_group));
      group = its_group;
      items.push(this.item_(head));
    }
    if (items.length === 0) {
      const hint = wanted ? "No title matches." : "Conversations are kept in this browser.";
      items.push(h("p", { class: "hint" }, hint));
    }
    this.list_.replaceChildren(...items);
  }

  item_(head) {
    const is_current = head.id === this.current_;
    const title = head.title || "New conversation";
    const item = h("div", { class: is_current ? "item current" : "item" },
      h("button", { type: "button", class: "item-title", title,
                    "aria-current": is_current && "page",
                    onclick: () => this.actions_.open(head.id) },
        this.is_running_(head.id) && h("span", { class: "pulse", title: "Being written" }), title),
      icon_button("edit", `Rename "${title}"`, () => this.rename_(item, head)),
      icon_button("trash", `Delete "${title}"`, () => this.actions_.remove(head.id)));
    return item;
  }

  rename_(item, head) {
    let is_over = false;
    const finish = (keep) => {
      if (is_over) return;
      is_over = true;
      const title = field.value.trim();
      if (keep && title && title !== head.title) this.actions_.rename(head.id, title);
      else this.render_();
    };
    const field = h("input", { value: head.title, "aria-label": "Title", maxlength: 200,
      onblur: () => finish(true),
      onkeydown: (event) => {
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") finish(false);
        event.stopPropagation();
      } });
    item.replaceChildren(field);
    field.focus();
    field.select();
  }
}
