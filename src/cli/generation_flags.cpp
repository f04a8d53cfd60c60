// SPDX-License-Identifier: Apache-2.0
#include "cli/generation_flags.h"

#include <charconv>
#include <limits>
#include <random>

namespace stride::cli {

namespace {

const std::vector<std::string> kDefaultBreakers = {"\n", ":", "\"", "*"};

// -1 = the whole context, as in llama.cpp.
Result<uint32_t> window(const char* name, int32_t n) {
  if (n >= 0) return static_cast<uint32_t>(n);
  if (n == -1) return decode::kWholeContext;
  return fail(Errc::invalid_argument, "{} is {}; it must be at least -1", name, n);
}

Result<std::optional<uint32_t>> count(const char* name, const std::optional<uint64_t>& n) {
  if (!n) return std::optional<uint32_t>{};
  if (*n <= std::numeric_limits<int32_t>::max()) return static_cast<uint32_t>(*n);
  return fail(Errc::invalid_argument, "{} is {}; it must be at most {}", name, *n,
              std::numeric_limits<int32_t>::max());
}

void declare_sampling(CommandLine& line, GenerationFlags& f) {
  line.option("--temp", f.temperature, "temperature; 0 = always the most probable token")
      .option("--top-k", f.top_k, "choose among the K most probable tokens; 0 = off")
      .option("--top-p", f.top_p, "choose among the most probable tokens that hold P; 1 = off")
      .option("--min-p", f.min_p, "leave out tokens P times less probable than the best; 0 = off")
      .option("--typical", f.typical_p, "locally typical sampling; 1 = off")
      .option("-s,--seed", f.seed, "seed of the choices; the same seed gives the same text")
      .option("--repeat-penalty", f.repeat_penalty, "factor against repeated tokens; 1 = off")
      .option("--repeat-last-n", f.repeat_last_n,
              "tokens the penalties look at, prompt included; -1 = all")
      .option("--presence-penalty", f.presence_penalty, "subtracted if a token occurred")
      .option("--frequency-penalty", f.frequency_penalty, "subtracted for each occurrence")
      .option("--dry-multiplier", f.dry_multiplier, "strength of DRY; 0 = off")
      .option("--dry-base", f.dry_base, "growth of DRY with the length of a repetition")
      .option("--dry-allowed-length", f.dry_allowed_length, "longest repetition DRY leaves alone")
      .option("--dry-penalty-last-n", f.dry_last_n, "tokens DRY looks at; -1 = all")
      .option("--dry-sequence-breaker", f.dry_breakers,
              "tokens with this text end a repetition (repeatable; newline : \" * if none)")
      .option("-l,--logit-bias", f.logit_bias, "TOKEN_ID+BIAS or TOKEN_ID-BIAS (repeatable)");
}

}  // namespace

void declare(CommandLine& line, GenerationFlags& f) {
  line.option("-n,--predict,--n-predict", f.n_predict,
              "tokens to write at most, reasoning included; -1 = what the context holds");
  declare_sampling(line, f);
  line.option("--stop", f.stop, "end the answer before this text (repeatable)")
      .flag("--ignore-eos", f.ignore_eos, "go on after an end token")
      .choice("--mtp-depth", f.mtp_depth, {"auto", "0", "1", "2", "3"},
              "tokens that the MTP heads draft a step; auto = what pays. The text is the same")
      .option("-sys,--system", f.system, "system text")
      .choice("--effort", f.effort, {"default", "low", "medium", "high"},
              "how hard a model that knows levels (Step-3.7) should think")
      .choice("--think", f.think, {"on", "off"}, "whether to think before answering")
      .option("--think-budget", f.think_budget, "thinking ends after N tokens")
      .option("--answer-reserve", f.answer_reserve,
              "tokens of -n that thinking may not use; a quarter, at least 256, if not given")
      .choice("--loop-guard", f.loop_guard, {"off", "reasoning", "everywhere"},
              "where text that goes round in circles is ended");
}

Result<uint64_t> parse_seed(const std::string& text) {
  if (text == "random" || text == "-1") {
    std::random_device device;
    // 53 bits, so that a seed in JSON survives readers that keep numbers as doubles.
    return (uint64_t{device()} << 32 | device()) >> 11;
  }
  uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, seed);
  if (error == std::errc{} && at == end && !text.empty()) return seed;
  return fail(Errc::invalid_argument, "--seed {} is neither a number from 0 to 2^64-1 nor random",
              text);
}

Result<decode::TokenBias> parse_logit_bias(const std::string& text) {
  decode::TokenBias out;
  const char* end = text.data() + text.size();
  const auto [sign, error] = std::from_chars(text.data(), end, out.id);
  if (error == std::errc{} && sign < end && (*sign == '+' || *sign == '-')) {
    const char* begin = *sign == '+' ? sign + 1 : sign;
    const auto [at, bias_error] = std::from_chars(begin, end, out.bias);
    if (bias_error == std::errc{} && at == end) return out;
  }
  return fail(Errc::invalid_argument, "--logit-bias {}: TOKEN_ID+BIAS was expected, such as 15-2.5",
              text);
}

Result<engine::GenerationOptions> generation_options(const GenerationFlags& f,
                                                     const engine::Engine& engine) {
  engine::GenerationOptions out;
  if (f.n_predict < -1 || f.n_predict == 0)
    return fail(Errc::invalid_argument, "--predict is {}; it must be at least 1, or -1",
                f.n_predict);
  if (f.n_predict > 0) out.max_tokens = static_cast<uint32_t>(f.n_predict);
  decode::SamplingOptions& s = out.sampling;
  s.temperature = f.temperature;
  s.top_k = f.top_k;
  s.top_p = f.top_p;
  s.min_p = f.min_p;
  s.typical_p = f.typical_p;
  s.seed = STRIDE_TRY(parse_seed(f.seed));
  s.penalties = {f.repeat_penalty, f.frequency_penalty, f.presence_penalty};
  s.penalty_window = STRIDE_TRY(window("--repeat-last-n", f.repeat_last_n));
  s.dry = {f.dry_multiplier, f.dry_base, f.dry_allowed_length};
  s.dry_window = STRIDE_TRY(window("--dry-penalty-last-n", f.dry_last_n));
  if (s.dry.active()) {
    const auto ids = engine.tokens_with(f.dry_breakers.empty() ? kDefaultBreakers : f.dry_breakers);
    s.dry_breakers.insert(ids.begin(), ids.end());
  }
  for (const std::string& text : f.logit_bias) s.bias.push_back(STRIDE_TRY(parse_logit_bias(text)));
  STRIDE_TRY(decode::check_options(s, engine.model().config().n_vocab));
  out.thinking_budget = STRIDE_TRY(count("--think-budget", f.think_budget));
  out.answer_reserve = STRIDE_TRY(count("--answer-reserve", f.answer_reserve));
  out.stop = f.stop;
  out.ignore_end = f.ignore_eos;
  if (f.mtp_depth != "auto") out.mtp_depth = static_cast<uint32_t>(f.mtp_depth.at(0) - '0');
  STRIDE_TRY(engine::check_mtp_depth(out.mtp_depth, engine.model().config().n_mtp));
  out.loop_guard = decode::LoopGuard::reasoning;
  if (f.loop_guard == "off") out.loop_guard = decode::LoopGuard::off;
  if (f.loop_guard == "everywhere") out.loop_guard = decode::LoopGuard::everywhere;
  return out;
}

chat::Conversation start_conversation(const GenerationFlags& flags) {
  chat::Conversation out;
  if (!flags.system.empty())
    out.messages.push_back(chat::text_message(chat::Role::system, flags.system));
  out.effort = chat::parse_effort(flags.effort);
  out.thinking = flags.think == "on" ? chat::Thinking::on : chat::Thinking::off;
  return out;
}

}  // namespace stride::cli
