// SPDX-License-Identifier: Apache-2.0
// Shows a growing Markdown text in an element. Blocks that can no longer change are rendered once;
// only the last one is rendered again, at most once a frame and never so often that it takes more
// than a fifth of the time. So the cost of a long answer stays linear.
import { enrich, grow_code } from "./enrich.mjs";
import { load_markdown } from "./libraries.mjs";
import { has_references, make_parser, split_settled } from "./markdown.mjs";
import { to_fragment } from "./markdown_dom.mjs";

let parser = null;
const waiting = new Set();

// All views share one parser. Until it is there, and if it cannot be loaded, they show plain text.
export async function prepare_markdown() {
  parser ??= make_parser(await load_markdown());
  for (const view of waiting) view.render_();
  waiting.clear();
}

const kPauseFactor = 4;
const kLongestPause = 500;

export class MarkdownView {
  // `on_settled` gets the text of each finished part, for screen readers.
  constructor(element, on_settled = () => {}) {
    this.element_ = element;
    this.on_settled_ = on_settled;
    this.text_ = "";
    this.final_ = false;
    this.settled_ = 0;       // length of the text that is rendered for good
    this.looked_ = 0;        // up to here it was looked for blocks that are settled
    this.tail_ = [];         // the nodes of the rest
    this.frame_ = 0;
    this.timer_ = 0;
    this.next_ = 0;          // no rendering before this time
  }

  // The whole text so far; it only grows, until `final`. A finished text is rendered at once.
  update(text, final) {
    if (text === this.text_ && final === this.final_) return;
    this.text_ = text;
    this.final_ = final;
    if (final) this.render_();
    else this.schedule_();
  }

  schedule_() {
    if (this.frame_ || this.timer_) return;
    const pause = this.next_ - performance.now();
    if (pause > 16) {
      this.timer_ = setTimeout(() => {
        this.timer_ = 0;
        this.schedule_();
      }, pause);
      return;
    }
    this.frame_ = requestAnimationFrame(() => this.render_());
  }

  render_() {
    cancelAnimationFrame(this.frame_);
    clearTimeout(this.timer_);
    this.frame_ = this.timer_ = 0;
    const begin = performance.now();
    if (parser) this.render_markdown_();
    else this.render_plain_();
    const cost = performance.now() - begin;
    this.next_ = begin + Math.min(cost * kPauseFactor, kLongestPause);
  }

  render_plain_() {
    waiting.add(this);
    this.element_.classList.add("plain");
    this.element_.textContent = this.text_;
  }

  restart_() {
    this.element_.classList.remove("plain");
    this.element_.replaceChildren();
    this.settled_ = this.looked_ = 0;
    this.tail_ = [];
  }

  render_markdown_() {
    const is_plain = this.element_.classList.contains("plain");
    const refers_back = this.final_ && this.settled_ > 0 && has_references(this.text_);
    if (is_plain || refers_back) this.restart_();
    if (!this.final_) this.settle_();
    this.replace_tail_(this.make_(this.text_.slice(this.settled_), !this.final_));
    if (this.final_) this.on_settled_(this.text_.slice(this.settled_));
  }

  settle_() {
    const end = this.text_.lastIndexOf("\n") + 1;
    if (end <= this.looked_) return;
    this.looked_ = end;
    const rest = this.text_.slice(this.settled_);
    const length = split_settled(parser, rest);
    if (length === 0) return;
    const part = rest.slice(0, length);
    this.replace_tail_(this.make_(part, false));
    this.tail_ = [];
    this.settled_ += length;
    this.on_settled_(part);
  }

  make_(text, streaming) {
    const fragment = to_fragment(parser.parse(text, { streaming }));
    enrich(fragment);
    return [...fragment.children];
  }

  replace_tail_(nodes) {
    // Code that goes on is kept where it stands, since moving it would lose its scroll position.
    const kept = this.tail_[0] && grow_code(this.tail_[0], nodes[0]) ? 1 : 0;
    for (const node of this.tail_.slice(kept)) node.remove();
    this.element_.append(...nodes.slice(kept));
    this.tail_ = [...this.tail_.slice(0, kept), ...nodes.slice(kept)];
  }
}
