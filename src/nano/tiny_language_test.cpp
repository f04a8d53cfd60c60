// SPDX-License-Identifier: Apache-2.0
#include "nano/tiny_language.h"

#include <gtest/gtest.h>

namespace stride::nano {
namespace {

std::string output_of(std::string_view source) {
  return run_program(source).value_or("error");
}

TEST(TinyLanguage, RunsPrograms) {
  EXPECT_EQ(output_of("a = 3\nb = a + 4\nprint(a * b)"), "21");
  EXPECT_EQ(output_of("s = 1\nfor i in range(2, 5):\n    s *= i\nprint(s)"), "24");
  EXPECT_EQ(output_of("x = 3\nif x > 5:\n    print(\"a\")\nelif x == 3:\n    print(\"b\")\nelse:\n "
                      "   print(\"c\")"),
            "b");
  EXPECT_EQ(output_of("print(\"ab\" * 3)"), "ababab");
  EXPECT_EQ(output_of("a = [3, 1, 2]\na.append(9)\nprint(sorted(a), a[-1], len(a))"),
            "[1, 2, 3, 9] 9 4");
  EXPECT_EQ(
      output_of("def f(x):\n    if x < 2:\n        return 1\n    return x * f(x - 1)\nprint(f(5))"),
      "120");
  EXPECT_EQ(output_of("n = 10\nwhile n > 3:\n    n -= 2\nprint(n)"), "2");
  EXPECT_EQ(output_of("print(\"abc\"[::-1], \"abcd\"[1:3], -7 // 2, -7 % 3)"), "cba bc -4 2");
  EXPECT_EQ(output_of("print(1 if 2 in [2, 3] else 0, not True, 3 <= 3 and 2 > 1)"),
            "1 False True");
}

TEST(TinyLanguage, CallsFunctionsWithLiterals) {
  const std::string source = "def larger(a, b):\n    return max(a, b)";
  EXPECT_EQ(run_function(source, "larger", "2, 7").value(), "7");
  EXPECT_FALSE(run_function(source, "larger", "2"));
  EXPECT_FALSE(run_function(source, "other", "2"));
  EXPECT_EQ(run_function("def f(s):\n    return s.upper()", "f", "\"ab\"").value(), "'AB'");
}

TEST(TinyLanguage, RefusesWhatItDoesNotKnow) {
  for (const std::string_view source :
       {"print(", "print(1", "a +", "if 1\n    print(1)", "if 1:\nprint(1)",
        "for i range(3):\n    pass", "print(x)", "print(\"a)", "import os", "print(1 / 2)",
        "print([1, 2][5])", "print(1 % 0)", "print(\"a\" + 1)", "def f:\n    return 1",
        "print(a[0])", "x = 1\n  y = 2", "print(\"a\".other())", "print(min([]))",
        "print(sorted([1, \"a\"]))"})
    EXPECT_FALSE(run_program(source)) << source;
}

TEST(TinyLanguage, BoundsStepsDepthAndSizes) {
  EXPECT_FALSE(run_program("while True:\n    pass"));
  EXPECT_FALSE(run_program("def f(x):\n    return f(x)\nprint(f(1))"));
  EXPECT_FALSE(run_program("print(range(1000000000))"));
  EXPECT_FALSE(run_program("print(\"a\" * 1000000000)"));
  EXPECT_FALSE(run_program("a = [1]\nwhile True:\n    a = a + a"));
  EXPECT_FALSE(run_program("a = 2\nwhile True:\n    a = a * a"));
  EXPECT_FALSE(run_program("print(" + std::string(5000, '(') + "1"));
  EXPECT_FALSE(run_program("print(" + std::string(5000, '-') + "1)"));
  EXPECT_FALSE(run_program("print(" + std::string(5000, '[') + "1"));
  EXPECT_FALSE(run_program(std::string(100'000, 'a')));
  EXPECT_FALSE(run_program("a = 9223372036854775807\nprint(a + 1)"));
  EXPECT_EQ(output_of(""), "");
}

}  // namespace
}  // namespace stride::nano
