// SPDX-License-Identifier: Apache-2.0
// The settings: their names, limits and defaults, and their keeping in localStorage. A field left
// empty ("") means "what the server does by default". Values read from storage or an import are
// taken one by one; a wrong one becomes the default.

export const kEfforts = ["", "off", "low", "medium", "high"];

// Numbers: the least and greatest value, whole numbers or not.
export const kNumbers = {
  budget: { label: "Thinking budget", least: 0, greatest: 1000000, whole: true, step: 256,
            hint: "Most tokens of reasoning before the answer" },
  temperature: { label: "Temperature", least: 0, greatest: 5, step: 0.1,
                 hint: "0 always takes the likeliest token" },
  top_p: { label: "Top p", least: 0, greatest: 1, step: 0.05,
           hint: "Keeps the likeliest tokens up to this probability" },
  top_k: { label: "Top k", least: 0, greatest: 1000000, whole: true, step: 1,
           hint: "Keeps this many tokens; 0 keeps all" },
  min_p: { label: "Min p", least: 0, greatest: 1, step: 0.01,
           hint: "Drops tokens below this share of the likeliest" },
  max_tokens: { label: "Max tokens", least: 1, greatest: 10000000, whole: true, step: 256,
                hint: "Longest answer, reasoning included" },
  seed: { label: "Seed", least: 0, greatest: 4294967295, whole: true, step: 1,
          hint: "The same seed repeats an answer" },
};

export const kDefaults = Object.freeze({
  effort: "", budget: "", temperature: "", top_p: "", top_k: "", min_p: "", max_tokens: "",
  seed: "", stop: "", system: "", tools: "", theme: "auto", api_key: "", open_reasoning: false,
});

const kThemes = ["auto", "light", "dark"];
const kMaxText = 1 << 20;

// The number in a text, "" for an empty text, undefined for what is no number in range.
export function read_number(name, text) {
  if (String(text).trim() === "") return "";
  const { least, greatest, whole } = kNumbers[name];
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > greatest) return undefined;
  if (whole && !Number.isInteger(value)) return undefined;
  return value;
}

export function clean_settings(source) {
  const settings = { ...kDefaults };
  if (typeof source !== "object" || source === null) return settings;
  for (const name of Object.keys(kNumbers)) {
    if (typeof source[name] === "number") settings[name] = read_number(name, source[name]) ?? "";
  }
  if (kEfforts.includes(source.effort)) settings.effort = source.effort;
  if (kThemes.includes(source.theme)) settings.theme = source.theme;
  for (const name of ["stop", "system", "tools", "api_key"]) {
    if (typeof source[name] === "string") settings[name] = source[name].slice(0, kMaxText);
  }
  settings.open_reasoning = source.open_reasoning === true;
  return settings;
}

const kKey = "stride.settings";

// `get_storage` gives localStorage; where the browser forbids it, already the name throws.
export function load_settings(get_storage) {
  try {
    return clean_settings(JSON.parse(get_storage().getItem(kKey) ?? "{}"));
  } catch {
    return { ...kDefaults };
  }
}

// False where the browser refuses to keep them (full, or storage is turned off).
export function save_settings(get_storage, settings) {
  try {
    get_storage().setItem(kKey, JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}
