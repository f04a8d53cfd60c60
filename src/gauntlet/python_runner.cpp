// SPDX-License-Identifier: Apache-2.0
#include "gauntlet/python_runner.h"

#include <sys/random.h>

#include <algorithm>

#include "base/utf8.h"
#include "gauntlet/prose.h"
#include "json/json.h"

namespace stride::gauntlet {
namespace {

// The child's side. It keeps what it needs in locals, so that code that replaces builtins or
// modules only spoils its own results.
constexpr std::string_view kHarness = R"PY(
def _stride(nonce, code, calls, first):
    import ast, json, os, sys, types
    write, dumps, leave = os.write, json.dumps, os._exit
    kinds = (int, float, str, bool, type(None))
    is_a, size, get, hold = isinstance, len, getattr, callable

    def emit(record):
        data = (nonce + dumps(record) + "\n").encode()
        while data:
            data = data[write(3, data):]

    def plain(value, depth=0):
        if depth > 40:
            raise TypeError("nested too deep")
        if type(value) in kinds:
            return value
        if is_a(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value]
        if is_a(value, dict):
            for key in value:
                if type(key) is not str:
                    raise TypeError("keys must be strings")
            return {key: plain(value[key], depth + 1) for key in value}
        raise TypeError("not plain data: " + type(value).__name__)

    def describe(tree):
        functions, imports, called = [], [], []

        def function(node, prefix):
            a = node.args
            names = a.posonlyargs + a.args + a.kwonlyargs
            names += [x for x in (a.vararg, a.kwarg) if x]
            if prefix and names and names[0].arg in ("self", "cls"):
                names = names[1:]
            functions.append({
                "name": prefix + node.name, "parameters": [x.arg for x in names],
                "annotated": sum(1 for x in names if x.annotation is not None),
                "returns": node.returns is not None,
                "docstring": ast.get_docstring(node) or ""})

        for node in tree.body:
            if is_a(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                function(node, "")
            elif is_a(node, ast.ClassDef):
                functions.append({"name": node.name, "parameters": [], "annotated": 0,
                                  "returns": False, "docstring": ast.get_docstring(node) or ""})
                for part in node.body:
                    if is_a(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        function(part, node.name + ".")
        for node in ast.walk(tree):
            if is_a(node, ast.Import):
                imports += [alias.name.split(".")[0] for alias in node.names]
            elif is_a(node, ast.ImportFrom):
                imports.append((node.module or "").split(".")[0])
            elif is_a(node, ast.Call) and is_a(node.func, ast.Name):
                called.append(node.func.id)
        return {"functions": functions, "imports": imports, "calls": sorted(set(called))}

    try:
        tree = ast.parse(code)
        emit({"source": describe(tree)})
    except BaseException as error:
        emit({"fault": type(error).__name__ + ": " + str(error)[:200]})
        leave(0)
    module = types.ModuleType("answer")
    sys.modules["answer"] = module
    space = module.__dict__
    try:
        exec(compile(tree, "answer.py", "exec"), space)
    except BaseException as error:
        emit({"fault": type(error).__name__ + ": " + str(error)[:200]})
        leave(0)
    made = None
    for index, call in enumerate(calls):
        # After a restart objects are built again, without the call that took the process down.
        if index < first and (call["kind"] == 0 or index == first - 1):
            continue
        try:
            args = call["args"]
            if call["kind"] == 2:
                value = get(made, call["name"])(*args)
            else:
                value = space[call["name"]](*args)
            if call["kind"] == 1:
                made, value = value, None
            if call["each"] is not None:
                value = [item(*call["each"]) for item in value]
            if call["list"]:
                value = list(value)
            if call["keep"]:
                value = [value, args]
            if index >= first:
                emit({"i": index, "v": plain(value)})
        except BaseException as error:
            if index >= first:
                emit({"i": index, "e": [c.__name__ for c in type(error).__mro__]})
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        leave(0)

)PY";

std::string make_nonce() {
  std::array<uint8_t, 16> bytes{};
  [[maybe_unused]] const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
  std::string out;
  for (const uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out + ' ';
}

// A JSON string is a Python string literal of the same value.
std::string literal(std::string_view text) {
  return json::dump(Json(to_valid_utf8(text)));
}

std::string describe_calls(const std::vector<PythonCall>& calls) {
  Json list = Json::array();
  for (const PythonCall& call : calls) {
    Json item;
    item["kind"] = static_cast<int>(call.kind);
    item["name"] = call.name;
    item["keep"] = call.with_arguments;
    item["list"] = call.as_list;
    // Both are ours, so they are JSON; exact, as large integers must arrive whole.
    const json::ParseOptions exact{.numbers = json::Numbers::exact};
    item["args"] = json::parse(call.arguments, exact).value_or(Json::array());
    item["each"] =
        call.call_each.empty() ? Json() : json::parse(call.call_each, exact).value_or(Json());
    list.push_back(std::move(item));
  }
  return json::dump(list);
}

std::vector<std::string> strings_of(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

PythonSource read_source(const Json& record) {
  PythonSource out;
  out.parses = true;
  out.imports = strings_of(json::member(record, "imports"));
  out.calls = strings_of(json::member(record, "calls"));
  const Json* functions = json::member(record, "functions");
  if (functions == nullptr || !functions->is_array()) return out;
  for (const Json& item : *functions) {
    PythonFunction function;
    if (const auto* name = json::string_member(item, "name")) function.name = *name;
    if (const auto* text = json::string_member(item, "docstring")) function.docstring = *text;
    function.parameter_names = strings_of(json::member(item, "parameters"));
    function.parameters = function.parameter_names.size();
    if (const Json* n = json::member(item, "annotated")) {
      function.annotated =
          static_cast<size_t>(std::max<int64_t>(0, json::as_int64(*n).value_or(0)));
    }
    const Json* returns = json::member(item, "returns");
    function.returns = returns != nullptr && returns->is_boolean() && returns->get<bool>();
    out.functions.push_back(std::move(function));
  }
  return out;
}

class Reader {
 public:
  Reader(PythonRun& run, std::string_view nonce, bool first) : run_(run), nonce_(nonce) {
    source_seen_ = !first;
  }

  void read(std::string_view channel) {
    while (!channel.empty()) {
      const size_t end = channel.find('\n');
      if (end == std::string_view::npos) return;  // cut in the middle
      const std::string_view line = channel.substr(0, end);
      channel.remove_prefix(end + 1);
      if (!line.starts_with(nonce_)) continue;
      const auto record = json::parse(line.substr(nonce_.size()),
                                      {.max_values = 100'000, .numbers = json::Numbers::exact});
      if (record && record->is_object()) take(*record);
    }
  }

 private:
  void take(const Json& record) {
    if (const Json* source = json::member(record, "source"); source != nullptr && !source_seen_) {
      run_.source = read_source(*source);
      source_seen_ = true;
    } else if (const auto* fault = json::string_member(record, "fault")) {
      if (run_.fault.empty()) run_.fault = *fault;
    } else if (const Json* index = json::member(record, "i")) {
      const auto i = json::as_int64(*index);
      if (!i || *i < 0 || static_cast<size_t>(*i) >= run_.outcomes.size()) return;
      outcome(run_.outcomes[static_cast<size_t>(*i)], record);
    }
  }

  static void outcome(PythonOutcome& out, const Json& record) {
    if (out.state != PythonOutcome::State::missing) return;
    if (const Json* value = json::member(record, "v")) {
      out.state = PythonOutcome::State::value;
      out.value = json::dump(*value);
    } else if (const Json* names = json::member(record, "e")) {
      out.state = PythonOutcome::State::raised;
      out.raised = strings_of(names);
    }
  }

  PythonRun& run_;
  std::string_view nonce_;
  bool source_seen_ = false;
};

// The first call from `first` on that has no result, or the number of calls.
size_t first_missing(const PythonRun& run, size_t first) {
  const auto begin = run.outcomes.begin() + static_cast<std::ptrdiff_t>(first);
  const auto it = std::ranges::find(begin, run.outcomes.end(), PythonOutcome::State::missing,
                                    &PythonOutcome::state);
  return static_cast<size_t>(it - run.outcomes.begin());
}

bool same(const Json& a, const Json& b) {
  if (json::is_number(a) && json::is_number(b)) {
    const std::string left = json::dump(a);
    const std::string right = json::dump(b);
    if (json::is_integer_text(left) != json::is_integer_text(right)) return false;
    return left == right ||
           (!json::is_integer_text(left) && json::as_double(a) == json::as_double(b));
  }
  if (a.is_array() && b.is_array()) {
    return std::ranges::equal(a, b, [](const Json& x, const Json& y) { return same(x, y); });
  }
  if (a.is_object() && b.is_object()) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.items()) {
      const Json* other = json::member(b, key);
      if (other == nullptr || !same(value, *other)) return false;
    }
    return true;
  }
  return a.type() == b.type() && a == b;
}

}  // namespace

Result<PythonRun> run_python(const Sandbox& sandbox, std::string_view code,
                             const std::vector<PythonCall>& calls, uint32_t cpu_limit_s) {
  constexpr int kProcesses = 3;
  PythonRun run;
  run.outcomes.resize(calls.size());
  const std::string listed = describe_calls(calls);
  size_t first = 0;
  for (int process = 0; process < kProcesses; ++process) {
    // Code that has hung once is not given as long again.
    const uint32_t limit = run.timed_out ? std::min(cpu_limit_s, 1U) : cpu_limit_s;
    const std::string nonce = make_nonce();
    std::string program(kHarness);
    program += fmt::format("import json\n_stride({}, {}, json.loads({}), {})\n", literal(nonce),
                           literal(code), literal(listed), first);
    const SandboxResult result = STRIDE_TRY(sandbox.run(program, limit, 2.0 * limit + 3));
    Reader(run, nonce, process == 0).read(result.channel);
    if (process == 0) run.output = result.output;
    run.cpu_s = result.cpu_s;
    if (result.end == SandboxResult::End::cpu_limit ||
        result.end == SandboxResult::End::wall_limit) {
      run.timed_out = true;
    }
    const size_t stuck = first_missing(run, first);
    if (!run.fault.empty() || stuck >= calls.size()) break;
    first = stuck + 1;  // that one took the process down
    if (first >= calls.size()) break;
  }
  return run;
}

bool same_result(std::string_view text, std::string_view expected) {
  const json::ParseOptions exact{.numbers = json::Numbers::exact};
  const auto left = json::parse(text, exact);
  const auto right = json::parse(expected, exact);
  return left && right && same(*left, *right);
}

}  // namespace stride::gauntlet
