// SPDX-License-Identifier: Apache-2.0
// Reads server-sent events out of the bytes of a response.
//
// The events are the same for every way of cutting the bytes, also inside a character, a line end
// or the mark at the start. Comments, with which the server tells what it waits for, are events of
// type "comment". An event that the end of the stream cuts is not given out, as the format demands.

export class SseReader {
  constructor() {
    this.decoder_ = new TextDecoder();  // drops a byte order mark and keeps cut characters back
    this.line_ = "";
    this.after_return_ = false;
    this.type_ = "";
    this.data_ = [];
  }

  // The events that these bytes complete, each {type, data}.
  push(bytes) {
    const text = this.decoder_.decode(bytes, { stream: true });
    const events = [];
    let begin = 0;
    for (let i = 0; i < text.length; i++) {
      const character = text[i];
      if (character === "\n" && this.after_return_) {
        // The second half of a \r\n that ended a line already.
        this.after_return_ = false;
        begin = i + 1;
        continue;
      }
      this.after_return_ = character === "\r";
      if (character !== "\n" && character !== "\r") continue;
      this.take_line_(this.line_ + text.slice(begin, i), events);
      this.line_ = "";
      begin = i + 1;
    }
    this.line_ += text.slice(begin);
    return events;
  }

  take_line_(line, events) {
    if (line === "") {
      if (this.data_.length > 0) {
        events.push({ type: this.type_ || "message", data: this.data_.join("\n") });
      }
      this.type_ = "";
      this.data_ = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) {
      events.push({ type: "comment", data: line.slice(1).trim() });
      return;
    }
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.data_.push(value);
    if (field === "event") this.type_ = value;
  }
}
