// SPDX-License-Identifier: Apache-2.0
// Conversations between the page and the store: the list, saving without doing it for every token,
// failures to save told once, deleting with a way back, export and import as files.
import { end_turn } from "./turn.mjs";
import { h } from "./dom.mjs";
import { is_quota_error } from "./store.mjs";
import { export_text, import_text, kMaxFileBytes, place_import } from "./transfer.mjs";

const kSavePause = 1500;

export class Keeper {
  // is_busy(id): an answer is being written in it; its object in memory is the true one.
  constructor(store, notices, { is_busy, on_list, on_other_window }) {
    this.store_ = store;
    this.notices_ = notices;
    this.is_busy_ = is_busy;
    this.on_list_ = on_list;
    this.heads = [];
    this.open_ = new Map();     // conversations in memory, by id
    this.waiting_ = new Map();  // those to save, with their timers
    this.removed_ = new Set();
    this.told_ = false;
    store.on_change = async (id) => {
      await this.refresh();
      on_other_window(id);
    };
    if (!store.persistent) {
      notices.show("This browser keeps nothing: conversations end with the page.");
    }
  }

  async refresh() {
    this.heads = (await this.store_.heads()).filter((head) => !this.removed_.has(head.id));
    this.on_list_();
  }

  // `afresh`: another window changed it.
  async load(id, afresh = false) {
    const known = this.open_.get(id);
    if (known && (!afresh || this.is_busy_(id))) return known;
    const conversation = await this.store_.load(id);
    if (!conversation || this.removed_.has(id)) return undefined;
    for (const node of conversation.nodes.values()) {
      // The page was closed while this was written, or another window is still at it.
      if (node.state === "streaming" && !afresh) end_turn(node, "cut", Date.now());
    }
    this.open_.set(id, conversation);
    return conversation;
  }

  save_soon(conversation) {
    if (this.waiting_.has(conversation.id)) return;
    const timer = setTimeout(() => this.save(conversation), kSavePause);
    this.waiting_.set(conversation.id, { conversation, timer });
  }

  save_now() {
    for (const { conversation } of this.waiting_.values()) this.save(conversation);
  }

  async save(conversation) {
    const { id } = conversation;
    clearTimeout(this.waiting_.get(id)?.timer);
    this.waiting_.delete(id);
    if (this.removed_.has(id)) return;
    this.open_.set(id, conversation);
    try {
      await this.store_.save(conversation);
      this.told_ = false;
    } catch (error) {
      this.tell_failure_(error);
    }
    await this.refresh();
  }

  tell_failure_(error) {
    if (this.told_) return;
    this.told_ = true;
    const reason = is_quota_error(error) ? "its storage is full. Export and delete some"
                                         : error?.message ?? "unknown reason";
    this.notices_.error(`The browser does not keep this conversation: ${reason}.`,
                        { label: "Export", run: () => this.export_all() });
  }

  async rename(id, title) {
    const conversation = await this.load(id);
    if (!conversation) return;
    conversation.title = title;
    await this.save(conversation);
  }

  is_removed(id) {
    return this.removed_.has(id);
  }

  async remove(id) {
    const conversation = await this.load(id);
    this.removed_.add(id);
    clearTimeout(this.waiting_.get(id)?.timer);
    this.waiting_.delete(id);
    this.open_.delete(id);
    await this.store_.remove(id);
    await this.refresh();
    const undo = () => {
      this.removed_.delete(id);
      if (conversation) this.save(conversation);
    };
    this.notices_.show(`Deleted "${conversation?.title ?? ""}"`,
                       { action: { label: "Undo", run: undo } });
  }

  async export_all() {
    const stored = await this.store_.load_all();
    // What could not be saved is in memory only, and is wanted most.
    const all = new Map(stored.map((conversation) => [conversation.id, conversation]));
    for (const [id, conversation] of this.open_) all.set(id, conversation);
    const file = new Blob([export_text([...all.values()])], { type: "application/json" });
    const url = URL.createObjectURL(file);
    const day = new Date().toISOString().slice(0, 10);
    h("a", { href: url, download: `stride-conversations-${day}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  async import_file(file) {
    if (file.size > kMaxFileBytes) {
      this.notices_.error(`The file has more than ${kMaxFileBytes >> 20} MiB.`);
      return;
    }
    const { conversations = [], problems = [], error } = import_text(await file.text());
    if (error) {
      this.notices_.error(`Nothing was imported. ${error}.`);
      return;
    }
    let n_new = 0;
    for (const conversation of conversations) {
      const placed = place_import(conversation, await this.store_.load(conversation.id));
      if (!placed) continue;
      this.removed_.delete(placed.id);
      await this.save(placed);
      n_new++;
    }
    const n_known = conversations.length - n_new;
    this.notices_.show(`Imported ${n_new}${n_known ? `, ${n_known} were here already` : ""}`);
    if (problems.length > 0) {
      this.notices_.error(`${problems.length} damaged and left out; the first: ${problems[0]}.`);
    }
  }
}
