// SPDX-License-Identifier: Apache-2.0
// The figures of an answer in words: progress of the prompt with the time left, speed, reused
// tokens, acceptance of speculated tokens. Pure text; nothing here touches the page.

export function count(n) {
  return Math.round(n).toLocaleString("en-US");
}

export function tokens(n) {
  return `${count(n)} ${n === 1 ? "token" : "tokens"}`;
}

// "0.8 s", "12 s", "3 min 5 s".
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ""}`;
  const minutes = Math.floor((whole % 3600) / 60);
  return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
}

export function rate(per_second) {
  return `${per_second.toFixed(per_second < 100 ? 1 : 0)} tokens/s`;
}

// What is left of the prompt, in ms: the server's own estimate, or one from the speed so far.
export function prompt_eta(progress) {
  if (progress.eta_ms !== undefined) return progress.eta_ms;
  const cache = progress.cache ?? 0;
  const processed = progress.processed ?? 0;
  const done = processed - cache;
  if (!(done > 0) || !(progress.time_ms > 0)) return undefined;
  return ((progress.total - processed) / done) * progress.time_ms;
}

// Progress of the prompt: {fraction, text}.
export function prompt_progress(progress) {
  const processed = Math.min(progress.processed ?? 0, progress.total);
  const parts = [`Reading the prompt: ${count(processed)} of ${tokens(progress.total)}`];
  if (progress.cache > 0) parts.push(`${count(progress.cache)} reused`);
  const eta = prompt_eta(progress);
  if (eta !== undefined && processed < progress.total) parts.push(`${duration(eta)} left`);
  return { fraction: processed / progress.total, text: parts.join(" · ") };
}

export function speed(figures) {
  if (figures.predicted_per_second > 0) return figures.predicted_per_second;
  if (figures.predicted_n > 1 && figures.predicted_ms > 0) {
    return (figures.predicted_n / figures.predicted_ms) * 1000;
  }
  return 0;
}

// Short facts for one line under the answer.
export function summary(figures) {
  const parts = [];
  const n_written = figures.completion_tokens ?? figures.predicted_n;
  if (n_written > 0) parts.push(tokens(n_written));
  if (speed(figures) > 0) parts.push(rate(speed(figures)));
  if (figures.draft_n > 0) {
    const share = Math.round((100 * (figures.draft_n_accepted ?? 0)) / figures.draft_n);
    parts.push(`MTP ${share} % accepted`);
  }
  return parts;
}

// Facts about the prompt, for the same line.
export function prompt_summary(figures) {
  const read = figures.prompt_n ?? 0;
  const reused = figures.cache_n ?? 0;
  const total = figures.prompt_tokens ?? read + reused;
  if (!(total > 0)) return [];
  const parts = [`prompt ${count(total)}${reused > 0 ? `, ${count(reused)} reused` : ""}`];
  if (read > 0 && figures.prompt_ms > 0) {
    parts.push(`read at ${rate((read / figures.prompt_ms) * 1000)}`);
  }
  return parts;
}

// Tokens of the context that the conversation fills after this answer.
export function context_used(figures) {
  const prompt = figures.prompt_tokens ?? (figures.prompt_n ?? 0) + (figures.cache_n ?? 0);
  return prompt + (figures.completion_tokens ?? figures.predicted_n ?? 0);
}
