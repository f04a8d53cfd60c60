// SPDX-License-Identifier: Apache-2.0
// What the tests' server answers: small scripts for mock_server.mjs.

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The pieces a model would write: words with the space before them.
export function pieces(text) {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

export const kUsage = {
  prompt_tokens: 1520, completion_tokens: 240, total_tokens: 1760,
  prompt_tokens_details: { cached_tokens: 1024 }, completion_tokens_details: { reasoning_tokens: 42 },
};

export function timings(n, per_second = 16.5) {
  return { cache_n: 1024, prompt_n: 496, prompt_ms: 3100, predicted_n: n,
           predicted_ms: (n / per_second) * 1000, predicted_per_second: per_second,
           draft_n: 2 * n, draft_n_accepted: Math.round(1.4 * n) };
}

// Writes reasoning and an answer, a word every `pause` ms.
export function say(text, { reasoning = "", pause = 0, usage = kUsage, finish = "stop", fields = {} } = {}) {
  return async (_request, reply) => {
    reply.delta({ role: "assistant", content: "" });
    let n = 0;
    const write = async (name, piece) => {
      if (pause) await wait(pause);
      const delta = name === "reasoning" ? { reasoning: piece, reasoning_content: piece } : { content: piece };
      reply.delta(delta, { timings: timings(++n) });
    };
    for (const piece of pieces(reasoning)) await write("reasoning", piece);
    for (const piece of pieces(text)) {
      if (reply.closed) return;
      await write("content", piece);
    }
    reply.done(finish, { timings: timings(Math.max(n, 1)), usage, ...fields });
  };
}

// One answer after another; the last one stays.
export function in_turn(...scripts) {
  let next = 0;
  return (request, reply) => scripts[Math.min(next++, scripts.length - 1)](request, reply);
}

export function call_tools(calls) {
  return (_request, reply) => {
    reply.delta({ role: "assistant", content: "" });
    reply.delta({ content: "Let me look that up." });
    calls.forEach(({ name, arguments: text }, index) => {
      reply.delta({ tool_calls: [{ index, id: `call_${index}`, type: "function",
                                   function: { name, arguments: "" } }] });
      for (const piece of text.match(/.{1,7}/gs)) {
        reply.delta({ tool_calls: [{ index, function: { arguments: piece } }] });
      }
    });
    reply.done("tool_calls", { timings: timings(30), usage: kUsage });
  };
}

// A long answer: `n` paragraphs.
export function long_text(n) {
  return Array.from({ length: n }, (_, i) => `Paragraph ${i + 1}: ` +
    "the river ran between the hills and took the evening light with it. ".repeat(3)).join("\n\n");
}

export const kRich = `## Newton's method

The step is $x_{n+1} = x_n - \\frac{f(x_n)}{f'(x_n)}$, and it converges **quadratically** near a simple root:

$$
|x_{n+1} - r| \\le \\frac{M}{2m}\\,|x_n - r|^2
$$

1. Start near the root; a call costs $5, not $6.
2. Stop when \\(|f(x_n)| < \\varepsilon\\).

\`\`\`python
def newton(f, df, x, tolerance=1e-12):
    """The root of f near x."""
    while abs(f(x)) > tolerance:  # quadratic near the root
        x -= f(x) / df(x)
    return x

print(newton(lambda x: x * x - 2, lambda x: 2 * x, 1.0))
\`\`\`

| step | value | error |
|---:|:---|---:|
| 1 | 1.5 | 8.6e-2 |
| 2 | 1.41667 | 2.5e-3 |
| 3 | 1.414216 | 2.1e-6 |

> Each step doubles the number of correct digits.
`;

const kThought = `The user asks about Newton's method. I should give the formula, state the order of
convergence and the condition for it, then show a short program. Let me check the constants: with
$M = \\max |f''|$ and $m = \\min |f'|$ the error is bounded by $\\frac{M}{2m}$ times its square. A table of
the first steps for the square root of two makes it concrete.`;

// For looking at the page by hand: reads a prompt, thinks, answers; "tool", "error" and "cut" in
// the message give those.
export function showcase(server) {
  return async (request, reply) => {
    const asked = request.messages.at(-1).content;
    if (/error/.test(asked)) return reply.fail(500, { error: { message: "The model has no weights for layer 7." } });
    if (/tool/.test(asked)) {
      const call = { name: "get_weather", arguments: '{"city":"Paris","days":3,"units":"metric"}' };
      return call_tools([call])(request, reply);
    }
    let ended = false;
    server.on_control = () => { ended = true; };
    reply.delta({ role: "assistant", content: "" });
    for (let done = 0; done <= 8; done++) {
      const processed = 1024 + done * 384;
      reply.send({ choices: [], prompt_progress: { total: 4096, cache: 1024, processed, time_ms: done * 250 } });
      await wait(250);
    }
    let n = 0;
    for (const piece of pieces(kThought)) {
      if (ended || reply.closed) break;
      reply.delta({ reasoning_content: piece }, { timings: timings(++n) });
      await wait(60);
    }
    for (const piece of pieces(kRich)) {
      if (reply.closed) return undefined;
      if (/cut/.test(asked) && n > 90) return reply.cut();
      reply.delta({ content: piece }, { timings: timings(++n) });
      await wait(25);
    }
    return reply.done("stop", { timings: timings(n), usage: kUsage });
  };
}
