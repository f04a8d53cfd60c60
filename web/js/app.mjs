// SPDX-License-Identifier: Apache-2.0
// The page: it joins the store, the runs and the views. Every action of the user is a method
// here; views call them and never each other.
import { ChatView, welcome } from "./chat_view.mjs";
import { Composer } from "./composer.mjs";
import { Keeper } from "./keeper.mjs";
import { context_used } from "./figures.mjs";
import { fill_help, listen } from "./keyboard.mjs";
import { Follower } from "./scroll.mjs";
import { Header } from "./header.mjs";
import { load_settings, save_settings } from "./settings.mjs";
import { Notices } from "./notices.mjs";
import { prepare_markdown } from "./markdown_view.mjs";
import { build_request, read_tools } from "./request.mjs";
import { Runs } from "./runs.mjs";
import { SettingsView } from "./settings_view.mjs";
import { Sidebar } from "./sidebar.mjs";
import { Store } from "./store.mjs";
import {
  add_node, create_conversation, path_to, pick_sibling, remove_leaf, shown_path,
} from "./tree.mjs";
import { is_empty, new_turn } from "./turn.mjs";

const by_id = (id) => document.getElementById(id);

export class App {
  async start() {
    this.settings = load_settings(() => localStorage);
    this.notices = new Notices(by_id("notices"), by_id("announcer"));
    this.runs = new Runs({ on_change: (conversation, node) => this.run_changed_(conversation, node),
                           on_end: (conversation, node) => this.run_ended_(conversation, node) });
    this.keeper = new Keeper(await Store.open(), this.notices, {
      is_busy: (id) => this.runs.of(id) !== undefined,
      on_list: () => this.show_list(),
      on_other_window: (id) => this.reload_(id),
    });
    this.make_views_();
    this.apply_settings_();
    listen(this.shortcuts_());
    await this.keeper.refresh();
    await this.open_from_address_();
    addEventListener("hashchange", () => this.open_from_address_());
    this.header.ask_server(this.settings.api_key);
    prepare_markdown().catch(() => {
      this.notices.error("Markdown could not be loaded: texts are shown plain.");
    });
    this.composer.focus_if_keyboard();
  }

  make_views_() {
    this.sidebar = new Sidebar(by_id("sidebar"), {
      open: (id) => this.open(id), create: () => this.create(),
      rename: (id, title) => this.keeper.rename(id, title), remove: (id) => this.remove(id),
      export_all: () => this.keeper.export_all(),
      import_file: (file) => this.keeper.import_file(file),
    }, { is_running: (id) => this.runs.of(id) !== undefined });
    this.header = new Header(by_id("header"), {
      toggle_sidebar: () => this.sidebar.toggle(), create: () => this.create(),
      settings: () => this.open_settings(), help: () => by_id("help").showModal(),
      next_theme: () => this.next_theme(),
    });
    this.settings_view = new SettingsView(by_id("settings"), {
      change_settings: (changes) => this.change_settings(changes),
      change_conversation: (changes) => this.change_conversation(changes),
    });
    this.composer = new Composer({
      send: (text) => this.send(text), stop: () => this.stop(), edit_last: () => this.edit_last(),
      change_settings: (changes) => this.change_settings(changes),
    });
    by_id("foot").append(this.composer.element);
    by_id("welcome").append(welcome((text) => {
      this.composer.text = text;
      this.composer.focus();
    }));
    this.chat = new ChatView(by_id("messages"), by_id("welcome"), this, this.runs,
      () => ({ open_reasoning: this.settings.open_reasoning, notices: this.notices }));
    this.follower = new Follower(by_id("scroller"), by_id("thread"), by_id("to-end"));
    by_id("veil").addEventListener("click", () => this.sidebar.toggle(false));
    fill_help(by_id("help"));
  }

  shortcuts_() {
    return {
      create: () => this.create(), settings: () => this.open_settings(),
      answer_now: () => this.answer_now(), help: () => by_id("help").showModal(),
      focus: () => this.composer.focus(), escape: () => this.escape_(),
      regenerate: () => this.regenerate(shown_path(this.conversation).at(-1)?.id),
      toggle_reasoning: () => this.chat.last_answer_view()?.toggle_reasoning(),
      previous: () => this.step_(-1), next: () => this.step_(1),
    };
  }

  async open_from_address_() {
    const id = location.hash.slice(1);
    if (id && id === this.conversation?.id) return;
    const conversation = id ? await this.keeper.load(id) : undefined;
    if (conversation) this.show_(conversation);
    else this.create();
  }

  async open(id) {
    const conversation = await this.keeper.load(id);
    if (conversation) this.show_(conversation);
  }

  create() {
    const { system, tools } = this.settings;
    this.show_(create_conversation({ system, tools }));
    this.composer.focus_if_keyboard();
  }

  show_(conversation) {
    this.conversation = conversation;
    const is_kept = conversation.nodes.size > 0;
    const address = is_kept ? `#${conversation.id}` : location.pathname + location.search;
    history.replaceState(null, "", address);
    this.sidebar.toggle(false);
    this.show_list();
    this.chat.show(conversation);
    this.show_state_();
    this.follower.follow();
  }

  show_list() {
    this.sidebar.show(this.keeper.heads, this.conversation?.id);
  }

  show_state_() {
    this.composer.show_running(this.runs.of(this.conversation.id) !== undefined);
    const used = shown_path(this.conversation).map((node) => context_used(node.figures ?? {}));
    this.header.show_context(used.findLast((n) => n > 0) ?? 0);
    document.title = this.conversation.title ? `${this.conversation.title} · Stride` : "Stride";
  }

  // Another window changed it. What is being edited here is not taken away.
  async reload_(id) {
    if (id !== this.conversation?.id || this.runs.of(id)) return;
    const conversation = await this.keeper.load(id, true);
    if (!conversation) {
      this.create();
    } else if (!document.querySelector(".edit-form")) {
      this.conversation = conversation;
      this.chat.show(conversation);
      this.show_state_();
    }
  }

  async remove(id) {
    this.runs.stop(id);
    await this.keeper.remove(id);
    if (id === this.conversation.id) this.create();
  }

  step_(step) {
    const { heads } = this.keeper;
    const index = heads.findIndex((head) => head.id === this.conversation.id);
    const next = heads[index + step];
    if (next) this.open(next.id);
  }

  // True if the message was taken.
  send(text) {
    if (this.runs.of(this.conversation.id)) return false;
    const last = shown_path(this.conversation).at(-1);
    // The server would refuse a message where the results of tools are due.
    if (last?.role === "assistant" && last.tool_calls.length > 0) {
      this.notices.error("The tools that were called need their results first.");
      return false;
    }
    const node = add_node(this.conversation, last?.id ?? "", { role: "user", content: text });
    history.replaceState(null, "", `#${this.conversation.id}`);
    this.answer_(node.id);
    return true;
  }

  // True if the new version was taken.
  edit(id, text) {
    if (this.runs.of(this.conversation.id)) {
      this.notices.show("An answer is being written. Stop it first.");
      return false;
    }
    const { parent } = this.conversation.nodes.get(id);
    const node = add_node(this.conversation, parent, { role: "user", content: text });
    this.answer_(node.id);
    return true;
  }

  edit_last() {
    this.chat.last_user_view()?.edit();
  }

  regenerate(id) {
    const node = this.conversation.nodes.get(id);
    if (node?.role !== "assistant" || this.runs.of(this.conversation.id)) return;
    this.answer_(node.parent);
  }

  // Again, in place of an answer that brought nothing, beside one that did.
  retry(id) {
    const node = this.conversation.nodes.get(id);
    if (!node || this.runs.of(this.conversation.id)) return;
    const { parent } = node;
    if (is_empty(node)) remove_leaf(this.conversation, id);
    this.answer_(parent);
  }

  continue_answer(id) {
    const node = this.conversation.nodes.get(id);
    if (!node || this.runs.of(this.conversation.id)) return;
    Object.assign(node, { state: "streaming", phase: "waiting", error: null, finish_reason: "",
                          finish_cause: "" });
    this.run_(node, path_to(this.conversation, id), true);
  }

  send_results(id, results) {
    if (this.runs.of(this.conversation.id)) return;
    const node = add_node(this.conversation, id, { role: "tool", results });
    this.answer_(node.id);
  }

  pick(id, step) {
    if (!pick_sibling(this.conversation, id, step)) return;
    this.follower.release();
    this.chat.show(this.conversation);
    this.show_state_();
    this.keeper.save(this.conversation);
  }

  // A new answer under a message.
  answer_(parent) {
    const node = add_node(this.conversation, parent,
                          { role: "assistant", ...new_turn(this.header.server.model, Date.now()) });
    this.run_(node, path_to(this.conversation, parent), false);
  }

  run_(node, path, continues) {
    const { conversation, settings } = this;
    const { tools = [], error } = read_tools(conversation.tools);
    if (error) this.notices.error(error);
    const { model } = this.header.server;
    const { system } = conversation;
    const body = build_request({ model, system, tools, path, settings, continues });
    this.runs.start(conversation, node, body, settings.api_key);
    this.keeper.save(conversation);
    this.chat.show(conversation);
    this.show_state_();
    this.follower.follow();
  }

  run_changed_(conversation, node) {
    this.keeper.save_soon(conversation);
    if (conversation !== this.conversation) return;
    if (this.frame_) return;
    // Chunks come faster than the page is drawn.
    this.frame_ = requestAnimationFrame(() => {
      this.frame_ = 0;
      if (conversation !== this.conversation || node.state !== "streaming") return;
      this.say_phase_(node.phase);
      this.chat.update_last();
    });
  }

  say_phase_(phase) {
    if (phase === this.phase_) return;
    this.phase_ = phase;
    const words = { reasoning: "The model is thinking.", answer: "The model is answering." };
    if (words[phase]) this.notices.announce(words[phase]);
  }

  run_ended_(conversation, node) {
    this.phase_ = "";
    if (this.keeper.is_removed(conversation.id)) return;
    this.keeper.save(conversation);
    // It may be gone, or wait for a key: the bar above tells.
    if (node.error || node.state === "cut") this.header.ask_server(this.settings.api_key);
    if (node.error?.status === 401 && conversation === this.conversation) {
      this.open_settings();
      this.settings_view.ask_for_key();
    }
    if (conversation !== this.conversation) return;
    this.chat.show(conversation);
    this.show_state_();
  }

  stop() {
    this.runs.stop(this.conversation.id);
  }

  async answer_now() {
    try {
      await this.runs.answer_now(this.conversation.id);
    } catch (error) {
      this.notices.error(`The reasoning could not be ended: ${error.message}`);
    }
  }

  escape_() {
    if (document.body.classList.contains("drawer-open")) this.sidebar.toggle(false);
    else if (this.runs.of(this.conversation.id)) this.stop();
    else this.composer.focus();
  }

  open_settings() {
    this.settings_view.open(this.settings, this.conversation);
  }

  next_theme() {
    const next = { auto: "light", light: "dark", dark: "auto" };
    this.change_settings({ theme: next[this.settings.theme] });
  }

  change_settings(changes) {
    const old_key = this.settings.api_key;
    this.settings = { ...this.settings, ...changes };
    if (!save_settings(() => localStorage, this.settings)) {
      this.notices.error("The browser does not keep settings: its storage is full or off.");
    }
    this.apply_settings_();
    if (this.settings.api_key !== old_key) this.header.ask_server(this.settings.api_key);
  }

  // What belongs to the conversation, and is what new ones begin with.
  change_conversation(changes) {
    Object.assign(this.conversation, changes);
    if (this.conversation.nodes.size > 0) this.keeper.save(this.conversation);
    this.change_settings(changes);
  }

  apply_settings_() {
    document.documentElement.dataset.theme = this.settings.theme;
    this.header.show_theme(this.settings.theme);
    this.composer.show_settings(this.settings);
  }

  // The page is being closed, perhaps before it has started: an answer that is still written is kept
  // as far as it came.
  close() {
    this.keeper?.save_now();
  }
}
