// SPDX-License-Identifier: Apache-2.0
// Small helpers to make elements. Text always enters as text nodes, so nothing here can turn a
// message into markup.

// h("button", { class: "x", type: "button", onclick: f, "aria-label": "Close" }, child, "text").
// Attributes that are false, null or undefined are left out; true is an empty attribute.
export function h(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, content);
  return element;
}

export function append(element, content) {
  for (const child of content.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

const kSvg = "http://www.w3.org/2000/svg";

// Strokes on a field of 24 by 24.
const kIcons = {
  menu: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5",
  sun: "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2" +
       "M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  half: "M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17M12 3.5v17M12 8h7.5M12 12h8.5M12 16h7.5",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  again: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4h-4",
  forward: "M5 5l8 7-8 7zM18 5v14",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  export: "M12 15V4M8 8l4-4 4 4M4 15v5h16v-5",
  import: "M12 4v11M8 11l4 4 4-4M4 15v5h16v-5",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10",
  tool: "M14.5 6.5a4 4 0 0 1 5-1.5l-3 3 .5 2 2 .5 3-3a4 4 0 0 1-5.5 5" +
        "L9 20a2 2 0 0 1-3-3l7.5-7.5a4 4 0 0 1 1-3z",
  thought: "M9 18h6M10 21h4M12 3a6.5 6.5 0 0 0-4 11.6c.7.6 1 1.2 1 2h6" +
           "c0-.8.3-1.4 1-2A6.5 6.5 0 0 0 12 3z",
  chevron: "M9 6l6 6-6 6",
};

export function icon(name) {
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(kSvg, "path");
  path.setAttribute("d", kIcons[name]);
  svg.append(path);
  return svg;
}

// A button that shows only an icon; the label is for the tooltip and for screen readers.
export function icon_button(name, label, action, extra = {}) {
  return h("button", { type: "button", class: "icon-button", title: label, "aria-label": label,
                       onclick: action, ...extra }, icon(name));
}

// The clipboard's own interface exists only on secure origins; a phone reaches the server without.
export async function copy_text(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the old way below may still work.
    }
  }
  const area = h("textarea", { class: "off-screen", "aria-hidden": "true" });
  area.value = text;
  const focused = document.activeElement;
  (focused?.closest("dialog") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return copied;
}

// A copy button that shows for a moment that it worked.
export function copy_button(label, read_text, extra = {}) {
  const button = icon_button("copy", label, async () => {
    const copied = await copy_text(read_text());
    button.replaceChildren(icon(copied ? "check" : "close"));
    button.classList.toggle("done", copied);
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.classList.remove("done");
    }, 1500);
  }, extra);
  return button;
}
