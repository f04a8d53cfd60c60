// SPDX-License-Identifier: Apache-2.0
// The tasks about text: comma-separated values and Roman numerals.
#include <fmt/format.h>

#include "gauntlet/code_references.h"
#include "gauntlet/code_task_parts.h"

namespace stride::gauntlet::code_task {

CodeTask csv(Random& random) {
  CodeTask task{.id = "csv_split"};
  task.prompt =
      "Write a Python function `csv_split(line: str) -> list[str]` that splits one line of "
      "comma-separated values as RFC 4180 describes it. A field that begins with a double quote "
      "ends at the closing quote and may hold commas; two double quotes inside it stand for one. "
      "Spaces belong to the field; an empty line is one empty field. Raise ValueError for a quote "
      "inside an unquoted field, for anything but a comma after a closing quote, and for a missing "
      "closing quote. Do not use the csv module. It must stay fast for lines of 200,000 "
      "characters." +
      std::string(kRules);
  task.targets = task.annotated = task.documented = {"csv_split"};
  task.parameters = {"line"};
  task.forbidden_imports = {"csv", "pandas"};
  const auto call = [](const std::string& line) {
    return check("csv_split", '[' + quoted(line) + ']', listed(*csv_split(line)));
  };
  for (const char* line : {"", "a", "a,b", ",", "a,,b", "\"a,b\",c", "\"\"", "\"\"\"\"", " a , b ",
                           "\"x\"\"y\",\"\",z,", "\"a\nb\",c", "\"\",\"\""}) {
    task.checks.push_back(call(line));
  }
  for (int i = 0; i < 30; ++i) {
    std::string line;
    const size_t fields = 1 + random.below(5);
    for (size_t f = 0; f < fields; ++f) {
      if (f > 0) line += ',';
      std::string body;
      for (size_t n = random.below(6); n > 0; --n) body += "ab ,\"x"[random.below(6)];
      if (body.find_first_of(",\"") != std::string::npos || random.below(3) == 0) {
        std::string inside;
        for (const char c : body) inside += c == '"' ? std::string("\"\"") : std::string(1, c);
        line += '"' + inside + '"';
      } else {
        line += body;
      }
    }
    task.checks.push_back(call(line));
  }
  for (const char* bad : {"[\"a\\\"b\"]", "[\"\\\"a\\\"b,c\"]", "[\"x,\\\"abc\"]", "[\"\\\"\"]",
                          "[\"\\\"a\\\" ,b\"]"}) {
    task.errors.push_back(check("csv_split", bad, ""));
  }
  task.speed = {{R"PY(
def drive_csv():
    line = '"' + 'a""' * 60000 + '",' + 'xy,' * 6000
    fields = csv_split(line)
    return [len(fields), len(fields[0]), sum(map(len, fields))]
)PY",
                 check("drive_csv", "[]", "[6002,120000,132000]")}};
  task.reference = R"PY(def csv_split(line: str) -> list[str]:
    """Split one line of comma-separated values.

    Args:
        line: the line without its line end.

    Returns:
        The fields, quotes removed.

    Raises:
        ValueError: if a quote stands where none may.
    """
    fields: list[str] = []
    at = 0
    while True:
        if line.startswith('"', at):
            parts: list[str] = []
            at += 1
            while True:
                end = line.find('"', at)
                if end < 0:
                    raise ValueError("a closing quote is missing")
                parts.append(line[at:end])
                at = end + 1
                if not line.startswith('"', at):
                    break
                parts.append('"')
                at += 1
            if at < len(line) and line[at] != ",":
                raise ValueError("text after a closing quote")
            fields.append("".join(parts))
        else:
            end = line.find(",", at)
            field = line[at:] if end < 0 else line[at:end]
            if '"' in field:
                raise ValueError("a quote in an unquoted field")
            fields.append(field)
            at += len(field)
        if at >= len(line):
            return fields
        at += 1
)PY";
  const std::string& code = task.reference;
  task.mutants = {
      {"splits at every comma",
       "def csv_split(line: str) -> list[str]:\n    return line.split(',')\n"},
      mutant("loses doubled quotes", code, "parts.append('\"')", "pass"),
      mutant("strips spaces", code, "fields.append(field)", "fields.append(field.strip())"),
      mutant("drops a last empty field", code,
             "        if at >= len(line):\n            return fields\n        at += 1\n",
             "        at += 1\n        if at >= len(line):\n            return fields\n")};
  return task;
}

CodeTask roman(Random& random) {
  CodeTask task{.id = "roman"};
  task.prompt =
      "Write two Python functions, `to_roman(n: int) -> str` for 1 <= n <= 3999 and "
      "`from_roman(s: str) -> int`, its exact inverse. to_roman raises ValueError for other "
      "numbers. "
      "from_roman accepts only what to_roman writes: upper case, canonical (IV, not IIII; never IC "
      "or VX), not empty; everything else raises ValueError." +
      std::string(kRules);
  task.targets = task.annotated = task.documented = {"to_roman", "from_roman"};
  task.parameters = {"n", "s"};
  const auto both = [&](int n) {
    task.checks.push_back(check("to_roman", fmt::format("[{}]", n), quoted(to_roman(n))));
    task.checks.push_back(check("from_roman", '[' + quoted(to_roman(n)) + ']', std::to_string(n)));
  };
  for (const int n : {1, 3, 4, 9, 14, 40, 90, 400, 944, 1994, 2026, 3999}) both(n);
  for (int i = 0; i < 15; ++i) both(1 + static_cast<int>(random.below(3999)));
  for (const char* bad : {"[0]", "[4000]", "[-5]"})
    task.errors.push_back(check("to_roman", bad, ""));
  for (const char* bad : {"", "IIII", "VX", "IC", "iv", "VV", "IXI", "MMMM", "ABC", "IIX", " X",
                          "XCX", "CMD", "LL"}) {
    task.errors.push_back(check("from_roman", '[' + quoted(bad) + ']', ""));
  }
  task.speed = {{R"PY(
def drive_roman():
    total = 0
    for _ in range(5):
        for n in range(1, 4000):
            total += from_roman(to_roman(n))
    return total
)PY",
                 check("drive_roman", "[]", std::to_string(5 * 3999 * 2000))}};
  task.reference =
      R"PY(_SIGNS = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
          (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def to_roman(n: int) -> str:
    """Write n in Roman numerals.

    Args:
        n: a number from 1 to 3999.

    Returns:
        The canonical numeral.

    Raises:
        ValueError: if n is out of range.
    """
    if not 1 <= n <= 3999:
        raise ValueError("n must be from 1 to 3999")
    out = []
    for value, sign in _SIGNS:
        count, n = divmod(n, value)
        out.append(sign * count)
    return "".join(out)


def from_roman(s: str) -> int:
    """Read a canonical Roman numeral.

    Args:
        s: the numeral in upper case.

    Returns:
        Its value.

    Raises:
        ValueError: if s is not what to_roman writes.
    """
    total, rest = 0, s
    for value, sign in _SIGNS:
        while rest.startswith(sign):
            total += value
            rest = rest[len(sign):]
    if not s or rest or total > 3999 or to_roman(total) != s:
        raise ValueError("not a canonical Roman numeral")
    return total
)PY";
  const std::string& code = task.reference;
  task.mutants = {
      mutant("no subtraction for 4", code, "(4, \"IV\"), ", ""),
      mutant("swaps L and C", code, "(50, \"L\")", "(50, \"C\")"),
      mutant("reads one too many", code, "    return total\n", "    return total + 1\n"),
      {"writes only", code.substr(0, code.find("def from_roman")) +
                          "def from_roman(s: str) -> int:\n    return len(s)\n"}};
  return task;
}

}  // namespace stride::gauntlet::code_task
