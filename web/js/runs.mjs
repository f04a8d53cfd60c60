// SPDX-License-Identifier: Apache-2.0
// The answers being written: at most one in each conversation, also in those that are not shown.
// A run changes its message while chunks arrive and tells `on_change(conversation, node)`; when it
// ends, whatever way, `on_end` follows exactly once.
import { ApiError, end_reasoning, stream_chat } from "./api.mjs";
import { apply_chunk, apply_comment, end_turn } from "./turn.mjs";

export class Runs {
  constructor({ on_change, on_end }) {
    this.on_change_ = on_change;
    this.on_end_ = on_end;
    this.runs_ = new Map();
  }

  of(conversation_id) {
    return this.runs_.get(conversation_id);
  }

  // `node` is the message to fill, its fields those of new_turn().
  async start(conversation, node, body, key) {
    const run = { node, conversation, abort: new AbortController(), key, ending: false };
    this.runs_.set(conversation.id, run);
    this.on_change_(conversation, node);
    const [state, error] = await this.read_(run, body);
    end_turn(node, state, Date.now(), error);
    conversation.updated = Date.now();
    this.runs_.delete(conversation.id);
    this.on_end_(conversation, node);
  }

  async read_(run, body) {
    const { node, conversation } = run;
    try {
      const finished = await stream_chat(body, {
        key: run.key,
        signal: run.abort.signal,
        on_chunk: (chunk) => {
          apply_chunk(node, chunk, Date.now());
          this.on_change_(conversation, node);
        },
        on_comment: (text) => {
          apply_comment(node, text);
          this.on_change_(conversation, node);
        },
      });
      return [finished || node.finish_reason ? "done" : "cut", null];
    } catch (error) {
      if (error.name === "AbortError") return ["stopped", null];
      const { message, status = 0, code = "" } = error;
      if (!(error instanceof ApiError)) console.error(error);
      return ["error", { message, status, code }];
    }
  }

  stop(conversation_id) {
    this.runs_.get(conversation_id)?.abort.abort();
  }

  // Asks the server to end the reasoning now; false if there is none to end.
  async answer_now(conversation_id) {
    const run = this.runs_.get(conversation_id);
    if (!run || run.ending) return false;
    if (run.node.phase !== "reasoning" || !run.node.completion_id) return false;
    run.ending = true;
    this.on_change_(run.conversation, run.node);
    try {
      await end_reasoning(run.node.completion_id, run.key);
    } catch (error) {
      run.ending = false;
      this.on_change_(run.conversation, run.node);
      throw error;
    }
    return true;
  }
}
