// SPDX-License-Identifier: Apache-2.0
// Keeps conversations in the browser's IndexedDB, one record each, and their titles in a second
// store, so that the list does not load every message. Where the browser keeps nothing (private
// windows of some), they live in memory until the page is closed; `persistent` tells.
//
// Other windows of the page hear of changes through a channel and tell them by `on_change(id)`.

const kName = "stride";
const kVersion = 1;
const kStores = ["conversations", "heads"];

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

function open_database() {
  const request = indexedDB.open(kName, kVersion);
  request.onupgradeneeded = () => {
    for (const name of kStores) request.result.createObjectStore(name, { keyPath: "id" });
  };
  return settled(request);
}

function head_of(conversation) {
  const { id, title, created, updated } = conversation;
  return { id, title, created, updated };
}

export function is_quota_error(error) {
  return error?.name === "QuotaExceededError";
}

export class Store {
  static async open() {
    const store = new Store();
    try {
      store.database_ = await open_database();
      // Another program may have kept something of this name at this address.
      for (const name of kStores) store.database_.transaction(name);
      // Another window may bring a newer version of the page.
      store.database_.onversionchange = () => store.database_.close();
      store.persistent = true;
    } catch {
      store.memory_ = new Map();
    }
    return store;
  }

  constructor() {
    this.persistent = false;
    this.on_change = () => {};
    this.channel_ = globalThis.BroadcastChannel ? new BroadcastChannel("stride") : null;
    if (this.channel_) this.channel_.onmessage = (event) => this.on_change(String(event.data));
  }

  // {id, title, created, updated} of every conversation, the latest first.
  async heads() {
    const heads = this.memory_ ? [...this.memory_.values()].map(head_of)
                               : await settled(this.read_("heads").getAll());
    return heads.sort((a, b) => b.updated - a.updated);
  }

  async load(id) {
    if (this.memory_) return this.memory_.get(id);
    return settled(this.read_("conversations").get(id));
  }

  async load_all() {
    if (this.memory_) return [...this.memory_.values()];
    return settled(this.read_("conversations").getAll());
  }

  async save(conversation) {
    if (this.memory_) {
      this.memory_.set(conversation.id, conversation);
      return;
    }
    await this.change_((conversations, heads) => {
      conversations.put(conversation);
      heads.put(head_of(conversation));
    });
    this.channel_?.postMessage(conversation.id);
  }

  async remove(id) {
    if (this.memory_) {
      this.memory_.delete(id);
      return;
    }
    await this.change_((conversations, heads) => {
      conversations.delete(id);
      heads.delete(id);
    });
    this.channel_?.postMessage(id);
  }

  read_(store) {
    return this.database_.transaction(store).objectStore(store);
  }

  async change_(act) {
    const transaction = this.database_.transaction(kStores, "readwrite");
    const done = completed(transaction);
    act(transaction.objectStore("conversations"), transaction.objectStore("heads"));
    // At once, so that it also succeeds while the page is being closed.
    transaction.commit();
    await done;
  }
}
