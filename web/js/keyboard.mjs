// SPDX-License-Identifier: Apache-2.0
// Shortcuts of the whole page, and the list of them. Those of the message field are in
// composer.mjs.
import { h, icon_button } from "./dom.mjs";

// What the list shows: [keys, meaning].
const kList = [
  [["Enter"], "Send the message"],
  [["Shift", "Enter"], "New line"],
  [["Esc"], "Stop the answer, or close what is open"],
  [["Ctrl", "Enter"], "Answer now: end the reasoning"],
  [["Ctrl", "K"], "New conversation"],
  [["↑"], "Edit the last message (in an empty field)"],
  [["Alt", "R"], "Answer again"],
  [["Alt", "T"], "Fold or unfold the last reasoning"],
  [["Alt", "↑ / ↓"], "Conversation above or below"],
  [["Ctrl", ","], "Settings"],
  [["/"], "Go to the message field"],
  [["?"], "This list"],
];

function is_typing(target) {
  return target instanceof HTMLElement && target.closest("input, textarea, select") !== null;
}

// The name of the shortcut an event is, or undefined.
export function shortcut_of(event, typing) {
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && !event.shiftKey) {
    return { k: "create", ",": "settings", Enter: "answer_now" }[event.key];
  }
  if (command) return undefined;
  if (event.altKey) {
    // By place on the keyboard: with Alt some systems type other letters.
    return { KeyR: "regenerate", KeyT: "toggle_reasoning",
             ArrowUp: "previous", ArrowDown: "next" }[event.code];
  }
  if (event.key === "Escape") return "escape";
  if (typing) return undefined;
  return { "/": "focus", "?": "help" }[event.key];
}

export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const name = shortcut_of(event, is_typing(event.target));
    // An open dialog closes by its own Escape and keeps the other keys.
    if (!name || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    actions[name]();
  });
}

export function fill_help(dialog) {
  const rows = kList.map(([keys, meaning]) => h("div", { class: "shortcut" },
    h("span", {}, meaning), h("span", { class: "keys" }, keys.map((key) => h("kbd", {}, key)))));
  dialog.append(h("div", { class: "panel" },
    h("header", {}, h("h2", { id: "help-title" }, "Keyboard"),
      icon_button("close", "Close the list", () => dialog.close())),
    h("p", { class: "hint" }, "On a Mac, Cmd does what Ctrl does here."), rows,
    h("p", { class: "hint credits" },
      "Rendered with markdown-it (MIT), KaTeX (MIT) and highlight.js (BSD-3-Clause).")));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
