// SPDX-License-Identifier: Apache-2.0
// Runs before the page is drawn, so that chosen colours do not flash: the modules run after it.
try {
  const { theme } = JSON.parse(localStorage.getItem("stride.settings") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing kept, or not readable: the colours of the system.
}
