// SPDX-License-Identifier: Apache-2.0
// Starts the page.
import { App } from "./app.mjs";

const app = new App();
addEventListener("pagehide", () => app.close());
document.addEventListener("visibilitychange", () => { if (document.hidden) app.close(); });
app.start();
