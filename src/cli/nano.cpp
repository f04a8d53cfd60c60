// SPDX-License-Identifier: Apache-2.0
// stride nano: the generated exercises of step-nano, shown as the model reads them, and the
// vocabulary trained on them.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/load_tokenizer.h"
#include "nano/mixture.h"
#include "nano/packing.h"
#include "nano/render.h"
#include "nano/skills.h"
#include "nano/verify.h"
#include "nano/vocabulary.h"
#include "text/tokenizer_json.h"

namespace stride::cli {
namespace {

constexpr std::string_view kUsage =
    "The exercises of step-nano, and the vocabulary learned on them.\n"
    "Usage: stride nano sample|stats|tokenizer [OPTIONS]; each explains itself with --help\n"
    "\nExamples:\n"
    "  stride nano sample --skill tools -n 3\n      three exercises as the model reads them\n"
    "  stride nano stats --length 2048\n      what the training data are made of\n"
    "  stride nano tokenizer OUT\n      learn the vocabulary anew\n";

int report(const Error& error) {
  fmt::print(stderr, "stride nano: {}\n", error.message);
  return 1;
}

std::vector<std::string> skill_words() {
  std::vector<std::string> words = {"all"};
  for (int s = 0; s < nano::kSkills; ++s)
    words.emplace_back(nano::skill_name(static_cast<nano::Skill>(s)));
  return words;
}

int sample_command(Arguments args) {
  std::string skill = "all", split = "train";
  uint32_t n = 5, length = 512;
  uint64_t seed = 1;
  double level = 0.5;
  bool bare = false;
  CommandLine line("nano sample", "Prints generated exercises as the model reads them.");
  line.choice("-s,--skill", skill, skill_words(), "which skill")
      .option("-n,--count", n, "samples of each skill")
      .choice("--split", split, {"train", "eval"}, "side of the split")
      .option("--seed", seed, "seed of the generators")
      .option("--level", level, "difficulty from 0 to 1")
      .option("--length", length, "tokens that a long sample may fill")
      .flag("--bare", bare, "no headings: text for stride perplexity --special");
  line.example("stride nano sample --skill tools -n 3", "three tool exercises");
  if (const auto stop = line.parse(args)) return *stop;
  for (int s = 0; s < nano::kSkills; ++s) {
    const auto kind = static_cast<nano::Skill>(s);
    if (skill != "all" && nano::skill_name(kind) != skill) continue;
    for (uint32_t i = 0; i < n; ++i) {
      const nano::Sample sample =
          nano::draw_sample(kind, split == "train" ? nano::Split::train : nano::Split::eval, seed,
                            i, {level, length});
      const auto text = nano::sample_text(sample);
      if (!text) return report(text.error());
      if (bare) {
        fmt::print("{}", *text);
      } else {
        fmt::print("=== {} / {} {}\n{}\n", nano::skill_name(kind), sample.kind, i, *text);
      }
    }
  }
  return 0;
}

int tokenizer_command(Arguments args) {
  std::string out;
  nano::VocabularyOptions options;
  CommandLine line("nano tokenizer", "Learns the vocabulary of step-nano from its exercises.");
  line.positional("OUT", out, "tokenizer.json to write")
      .option("--vocab", options.n_token, "tokens in all")
      .option("--samples", options.n_sample, "samples to learn from")
      .option("--seed", options.seed, "seed of the samples");
  line.example("stride nano tokenizer models/step-nano-tokenizer.json",
               "the vocabulary that comes with Stride");
  if (const auto stop = line.parse(args)) return *stop;
  const auto vocabulary = nano::train_vocabulary(options);
  if (!vocabulary) return report(vocabulary.error());
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file << text::write_tokenizer_json(*vocabulary) << std::flush;
  if (!file) return report({Errc::io, fmt::format("{} cannot be written", out)});
  fmt::print("{}: {} tokens\n", out, vocabulary->tokens.size());
  return 0;
}

// What the mixture is made of: documents and tokens per skill, padding, and the speed of making it.
int stats_command(Arguments args) {
  std::string tokenizer_path = "models/step-nano-tokenizer.json";
  uint32_t n_row = 400, length = 512;
  CommandLine line("nano stats", "Measures the training mixture.");
  line.option("--tokenizer", tokenizer_path, "tokenizer.json")
      .option("-n,--rows", n_row, "rows to pack")
      .option("--length", length, "tokens in a row")
      .example("stride nano stats --length 2048", "the mixture of the last stage");
  if (const auto stop = line.parse(args)) return *stop;
  const auto tokenizer = load_tokenizer(tokenizer_path);
  if (!tokenizer) return report(tokenizer.error());
  nano::Packer packer(nano::Mixture(*tokenizer, 1));
  struct Count {
    uint64_t n_document = 0, n_token = 0, n_trained = 0;
  };
  std::map<nano::Skill, Count> counts;
  Count sum;
  const auto begin = std::chrono::steady_clock::now();
  for (uint32_t r = 0; r < n_row; ++r) {
    const auto row = packer.next_row(length);
    if (!row) return report(row.error());
    for (uint32_t i = 0; i < row->n_used; ++i) {
      Count& count = counts[row->skills[i]];
      const uint64_t first = row->starts[i] == i ? 1 : 0, trained = row->weights[i] == 100 ? 1 : 0;
      count.n_document += first;
      count.n_trained += trained;
      ++count.n_token;
      sum.n_document += first;
      sum.n_trained += trained;
      ++sum.n_token;
    }
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{:14} {:>9} {:>7} {:>7} {:>8}\n", "skill", "documents", "tokens", "mean", "trained");
  const auto show = [&](std::string_view name, const Count& c) {
    fmt::print(
        "{:14} {:9} {:6.1f}% {:7.1f} {:7.1f}%\n", name, c.n_document,
        100.0 * static_cast<double>(c.n_token) / static_cast<double>(sum.n_token),
        static_cast<double>(c.n_token) / static_cast<double>(std::max<uint64_t>(c.n_document, 1)),
        100.0 * static_cast<double>(c.n_trained) /
            static_cast<double>(std::max<uint64_t>(c.n_token, 1)));
  };
  for (const auto& [skill, count] : counts) show(nano::skill_name(skill), count);
  show("all", sum);
  const double all = static_cast<double>(n_row) * length;
  fmt::print("padding {:.1f}%, {:.0f} tokens/s\n",
             100 * (1 - static_cast<double>(sum.n_token) / all), all / seconds);
  return 0;
}

}  // namespace

int nano_command(Arguments args) {
  const std::string_view word = args.empty() ? std::string_view() : std::string_view(args.front());
  if (word == "sample") return sample_command(args.subspan(1));
  if (word == "tokenizer") return tokenizer_command(args.subspan(1));
  if (word == "stats") return stats_command(args.subspan(1));
  const bool asked = word == "--help" || word == "-h";
  fmt::print(asked ? stdout : stderr, "{}", kUsage);
  return asked ? 0 : 2;
}

}  // namespace stride::cli
