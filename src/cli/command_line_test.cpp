// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <gtest/gtest.h>

namespace stride::cli {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, ReadsEveryKindOfOption) {
  std::string model, mode = "auto";
  std::optional<std::string> file;
  uint32_t ubatch = 512;
  double temperature = 1;
  std::optional<uint64_t> seed;
  std::vector<std::string> stops;
  bool json = false;
  CommandLine line("run", "Runs.");
  line.option("-m,--model", model, "model")
      .option("-ub,--ubatch-size", ubatch, "rows")
      .option("--temp", temperature, "t");
  line.option("--seed", seed, "seed").option("--stop", stops, "stop").flag("--json", json, "json");
  line.choice("--mode", mode, {"auto", "off"}, "mode").optional_positional("FILE", file, "file");
  const Words args = {"-m", "a.gguf", "-ub", "64",     "--temp=0.5", "--seed", "7",     "--stop",
                      "x",  "--stop", "y",   "--json", "--mode",     "off",    "in.txt"};
  ASSERT_EQ(line.parse(args), std::nullopt);
  EXPECT_EQ(model, "a.gguf");
  EXPECT_EQ(ubatch, 64U);
  EXPECT_EQ(temperature, 0.5);
  EXPECT_EQ(seed, 7U);
  EXPECT_EQ(stops, (Words{"x", "y"}));
  EXPECT_TRUE(json);
  EXPECT_EQ(mode, "off");
  EXPECT_EQ(file, "in.txt");
}

std::string error_of(const Words& args) {
  uint32_t n = 0;
  bool json = false;
  std::string mode = "auto";
  CommandLine line("run", "Runs.");
  line.option("-n,--predict", n, "tokens")
      .choice("--mode", mode, {"auto", "off"}, "mode")
      .option("-ub,--ubatch-size", n, "rows")
      .flag("--json", json, "json");
  testing::internal::CaptureStderr();
  EXPECT_EQ(line.parse(args), 2);
  return testing::internal::GetCapturedStderr();
}

TEST(CommandLine, NamesTheNearestOption) {
  EXPECT_EQ(error_of({"--jsn"}), "stride run: unknown option --jsn; did you mean --json?\n");
  EXPECT_EQ(error_of({"--predikt=5"}),
            "stride run: unknown option --predikt; did you mean --predict?\n");
  EXPECT_EQ(error_of({"-x"}), "stride run: unknown option -x; `stride run --help` lists them\n");
  EXPECT_EQ(error_of({"-ngl", "9"}),
            "stride run: unknown option -ngl; `stride run --help` lists them\n");
  EXPECT_EQ(error_of({"-u", "9"}), "stride run: unknown option -u; did you mean -ub?\n");
  EXPECT_NE(error_of({"--zzzzzzzzzzzz"}).find("--help"), std::string::npos);
  EXPECT_NE(error_of({"stray"}).find("too many arguments"), std::string::npos);
}

TEST(CommandLine, SaysWhatIsWanted) {
  EXPECT_EQ(error_of({"-ub", "-5"}), "stride run: -ub is -5; a whole number from 0 up is wanted\n");
  EXPECT_EQ(error_of({"--predict", "many"}),
            "stride run: --predict is many; a whole number from 0 up is wanted\n");
  EXPECT_EQ(error_of({"--mode", "of"}), "stride run: --mode is of; it must be auto or off\n");
  EXPECT_EQ(error_of({"--mode"}), "stride run: --mode needs a value\n");
}

TEST(CommandLine, SaysHowToFindOutWhatIsMissing) {
  std::string file;
  CommandLine line("inspect", "Shows.");
  line.positional("FILE", file, "file");
  testing::internal::CaptureStderr();
  EXPECT_EQ(line.parse(Words{}), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "stride inspect: FILE is required; `stride inspect --help` shows the usage\n");
}

TEST(CommandLine, AShortOptionMayHaveAnEqualsSign) {
  uint32_t n = 0;
  CommandLine line("run", "Runs.");
  line.option("-n,--predict", n, "n");
  EXPECT_FALSE(line.parse(Words{"-n=7"}));
  EXPECT_EQ(n, 7U);
}

TEST(CommandLine, RefusesBadNumbers) {
  EXPECT_NE(error_of({"-n", "ten"}).find("ten"), std::string::npos);
  EXPECT_NE(error_of({"-n", "99999999999999"}).find("99999999999999"), std::string::npos);
  EXPECT_NE(error_of({"-n"}).find("--predict"), std::string::npos);
}

TEST(CommandLine, TheLastOfARepeatedOptionCounts) {
  uint32_t n = 0;
  std::string word;
  std::vector<std::string> all;
  CommandLine line("run", "Runs.");
  line.option("-n", n, "n").option("-w", word, "w").option("-a", all, "a");
  EXPECT_FALSE(line.parse(Words{"-n", "1", "-w", "x", "-a", "1", "-n", "2", "-a", "2", "-w", "y"}));
  EXPECT_EQ(n, 2U);
  EXPECT_EQ(word, "y");
  EXPECT_EQ(all, (Words{"1", "2"}));
}

TEST(CommandLine, HelpShowsDefaultsAndExamples) {
  uint32_t n = 42;
  CommandLine line("run", "Runs.");
  line.option("-ub,--ubatch-size", n, "rows of one step")
      .example("stride run -ub 64", "small steps");
  testing::internal::CaptureStdout();
  EXPECT_EQ(line.parse(Words{"--help"}), 0);
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_NE(help.find("-ub"), std::string::npos);
  EXPECT_EQ(help.find("--ub,"), std::string::npos);
  EXPECT_NE(help.find("-ub,--ubatch-size"), std::string::npos);
  EXPECT_NE(help.find("42"), std::string::npos);
  EXPECT_NE(help.find("stride run -ub 64"), std::string::npos);
}

}  // namespace
}  // namespace stride::cli
