// SPDX-License-Identifier: Apache-2.0
// What the checks of the contract share: the endpoint, the questions, and the answers that several
// of them look at, asked for once. Private to the contract_*.cpp files.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gauntlet/contract.h"
#include "gauntlet/event.h"

namespace stride::gauntlet {

class ContractBench {
 public:
  ContractBench(const Endpoint& endpoint, const ContractOptions& options, std::stop_token stop)
      : endpoint_(endpoint), options_(options), stop_(std::move(stop)) {}

  const Endpoint& endpoint() const { return endpoint_; }
  const ContractOptions& options() const { return options_; }
  const std::stop_token& stop() const { return stop_; }
  Api api() const { return endpoint_.options().api; }
  bool is_chat() const { return api() == Api::openai || api() == Api::stride; }

  // Greedy, streamed, with the budgets of the battery.
  AskOptions usual() const;
  Attempt ask(const Question& question, const AskOptions& ask);

  // One plain question, as a stream and as one piece.
  static Question plain_question();
  const Attempt& stream();
  const Attempt& whole();
  // The same stream byte by byte, with its events.
  const std::vector<Event>& events();
  // A question that asks for a tool, with tool_choice "required".
  const Attempt& forced_call();
  static Question tool_question();
  const RawReply& malformed();

  // Every attempt so far.
  std::span<const Attempt> attempts() const { return attempts_; }

 private:
  const Endpoint& endpoint_;
  const ContractOptions& options_;
  std::stop_token stop_;
  std::optional<Attempt> stream_{}, whole_{}, forced_call_{};
  std::optional<std::vector<Event>> events_{};
  std::optional<RawReply> malformed_{};
  std::vector<Attempt> attempts_{};
};

struct Finding {
  CheckState state = CheckState::pass;
  std::string detail{};
};

Finding passed(std::string detail = {});
Finding failed(std::string detail);
Finding unsupported(std::string detail);
// Unsupported where the endpoint refused the request, failed where it broke down.
Finding not_served(const Attempt& attempt);

struct Check {
  std::string_view id{}, title{};
  Finding (*run)(ContractBench& bench) = nullptr;
};

// In three files, by subject.
std::span<const Check> answer_checks();   // C01 to C14
std::span<const Check> tool_checks();     // C15 to C18
std::span<const Check> service_checks();  // C19 to C30

}  // namespace stride::gauntlet
