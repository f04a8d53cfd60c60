// SPDX-License-Identifier: Apache-2.0
// Keeps the end of the conversation in sight while it grows, until the reader scrolls up; from
// then on nothing moves by itself, and a button leads back down.

const kNear = 40;  // pixels from the end that still count as being there

export class Follower {
  constructor(scroller, content, button) {
    this.scroller_ = scroller;
    this.button_ = button;
    this.following_ = true;
    this.last_top_ = 0;
    scroller.addEventListener("scroll", () => this.scrolled_(), { passive: true });
    button.addEventListener("click", () => this.follow());
    // Also what grows without a new text: formulas, opened parts, a narrower window.
    new ResizeObserver(() => this.keep_up()).observe(content);
    new ResizeObserver(() => this.keep_up()).observe(scroller);
  }

  distance_() {
    return this.scroller_.scrollHeight - this.scroller_.clientHeight - this.scroller_.scrollTop;
  }

  scrolled_() {
    const top = this.scroller_.scrollTop;
    if (this.distance_() < kNear) this.following_ = true;
    else if (top < this.last_top_) this.following_ = false;
    this.last_top_ = top;
    this.show_button_();
  }

  show_button_() {
    this.button_.hidden = this.following_ || this.distance_() < kNear;
  }

  // Goes to the end and stays there.
  follow() {
    this.following_ = true;
    this.keep_up();
  }

  // Reading starts at the place where the view is.
  release() {
    this.following_ = false;
    this.show_button_();
  }

  keep_up() {
    if (this.following_) {
      this.scroller_.scrollTop = this.scroller_.scrollHeight;
      this.last_top_ = this.scroller_.scrollTop;
    }
    this.show_button_();
  }
}
