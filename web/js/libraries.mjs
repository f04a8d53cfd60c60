// SPDX-License-Identifier: Apache-2.0
// The libraries that come with the server beside the page's own modules. The Markdown parser is
// loaded once the page stands; formulas and code colours when the first message
// needs them. Every loader gives the same promise on every call; after a failure (the server was
// gone) the next call tries again.

function once(load) {
  let promise;
  return () => {
    promise ??= load().catch((error) => {
      promise = undefined;
      throw error;
    });
    return promise;
  };
}

// These files set a global name when they run.
async function load_global(url, name) {
  await import(url);
  if (!globalThis[name]) throw new Error(`${url} did not load`);
  return globalThis[name];
}

function load_style(url) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url;
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(link);
  });
}

export const load_markdown = once(() => load_global("../lib/markdown-it.js", "markdownit"));

export const load_highlight = once(() => load_global("../lib/highlight.js", "hljs"));

export const load_katex = once(async () => {
  const style = load_style(new URL("../lib/katex/katex.css", import.meta.url).href);
  const katex = await load_global("../lib/katex/katex.js", "katex");
  await style;
  return katex;
});
