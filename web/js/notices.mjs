// SPDX-License-Identifier: Apache-2.0
// Short notices at the edge of the page, with at most one action, and what screen readers are told.
import { h, icon_button } from "./dom.mjs";

const kShown = 7000;
const kMostAtOnce = 3;

export class Notices {
  constructor(area, announcer) {
    this.area_ = area;
    this.announcer_ = announcer;
  }

  // action: {label, run}. A failure stays until it is closed.
  show(text, { action = null, is_error = false } = {}) {
    const close = () => notice.remove();
    const notice = h("div", { class: is_error ? "notice error" : "notice",
                              role: is_error ? "alert" : "status" },
      h("span", {}, text),
      action && h("button", { type: "button", class: "text-button", onclick: () => {
        close();
        action.run();
      } }, action.label),
      icon_button("close", "Close", close));
    this.area_.append(notice);
    while (this.area_.childElementCount > kMostAtOnce) this.area_.firstElementChild.remove();
    if (!is_error) setTimeout(close, kShown);
  }

  error(text, action = null) {
    this.show(text, { action, is_error: true });
  }

  // Says a text to screen readers, and nothing to others.
  announce(text) {
    const line = h("p", {}, text);
    this.announcer_.append(line);
    while (this.announcer_.childElementCount > 5) this.announcer_.firstElementChild.remove();
  }
}
