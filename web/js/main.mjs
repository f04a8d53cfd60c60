// SPDX-License-Identifier: Apache-2.0
// Starts the page; if it cannot start, says why instead of staying blank.
import { App } from "./app.mjs";
import { h } from "./dom.mjs";

const app = new App();
addEventListener("pagehide", () => app.close());
document.addEventListener("visibilitychange", () => { if (document.hidden) app.close(); });
app.start().catch((error) => {
  console.error(error);
  document.body.replaceChildren(h("p", { class: "broken", role: "alert" },
                                  `The page could not start: ${error.message}`));
});
