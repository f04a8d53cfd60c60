// SPDX-License-Identifier: Apache-2.0
// The body of POST /v1/chat/completions for a path of messages and the settings. Settings that are
// left empty are not sent, so that the server's own defaults hold.

function assistant_message(node) {
  const message = { role: "assistant", content: node.content };
  if (node.reasoning) message.reasoning_content = node.reasoning;
  if (node.tool_calls.length > 0) {
    message.tool_calls = node.tool_calls.map((call) => ({
      id: call.id, type: "function", function: { name: call.name, arguments: call.arguments },
    }));
  }
  return message;
}

export function to_messages(system, path) {
  const messages = [];
  if (system.trim()) messages.push({ role: "system", content: system });
  for (const node of path) {
    if (node.role === "user") messages.push({ role: "user", content: node.content });
    if (node.role === "assistant") messages.push(assistant_message(node));
    if (node.role === "tool") {
      for (const result of node.results) {
        messages.push({ role: "tool", tool_call_id: result.id, content: result.content });
      }
    }
  }
  return messages;
}

// The tools of a JSON text: {tools} or {error}, one sentence. Functions may come bare or wrapped
// as {"type":"function","function":...}.
export function read_tools(text) {
  if (!text.trim()) return { tools: [] };
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { error: `The tools are not valid JSON: ${error.message}` };
  }
  const list = Array.isArray(parsed) ? parsed : [parsed];
  const tools = [];
  for (const [index, entry] of list.entries()) {
    const definition = entry?.function ?? entry;
    if (typeof definition !== "object" || definition === null ||
        typeof definition.name !== "string" || !definition.name) {
      return { error: `Tool ${index + 1} has no name` };
    }
    tools.push({ type: "function", function: definition });
  }
  return { tools };
}

function thinking(settings) {
  const fields = {};
  if (settings.effort === "off") fields.reasoning_effort = "none";
  else if (settings.effort) fields.reasoning_effort = settings.effort;
  if (settings.budget !== "" && settings.effort !== "off") {
    fields.thinking_budget_tokens = settings.budget;
  }
  return fields;
}

function sampling(settings) {
  const fields = {};
  for (const name of ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed"]) {
    if (settings[name] !== "") fields[name] = settings[name];
  }
  const stop = settings.stop.split("\n").filter((line) => line !== "");
  if (stop.length > 0) fields.stop = stop.map((line) => line.replaceAll("\\n", "\n"));
  return fields;
}

// `continues`: the last message of the path is an unfinished answer that shall go on.
export function build_request({ model, system, tools, path, settings, continues = false }) {
  const body = {
    ...(model && { model }),
    messages: to_messages(system, path),
    stream: true,
    stream_options: { include_usage: true, continuous_usage_stats: true },
    return_progress: true,
    timings_per_token: true,
    reasoning_control: true,
    ...thinking(settings),
    ...sampling(settings),
  };
  if (tools.length > 0) body.tools = tools;
  if (continues) {
    body.continue_final_message = true;
    body.add_generation_prompt = false;
  }
  return body;
}
