// SPDX-License-Identifier: Apache-2.0
// The assistant turns that were sampled here, so that a later request that brings one back in its
// history gets it into its prompt token for token, with its reasoning, whatever the client has left
// of it. A turn is found by the handle that the client was given for its reasoning, or by the id of
// one of its calls; it is used only if what the client brings agrees with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/encoder.h"
#include "api/store.h"
#include "engine/engine.h"

namespace stride::api {

class TurnStore {
 public:
  // Both outlive the store of turns.
  TurnStore(Store& store, const engine::Engine& engine);

  // After an answer; `client` is its owner: others cannot have it.
  void save(const std::string& client, const ChatCall& call, const Ids& ids, uint32_t choice,
            const engine::Generated& generated);

  // Gives back reasoning and tokens to the messages after the last question.
  void restore(const std::string& client, ChatCall& call) const;

 private:
  struct Turn;

  std::optional<Turn> find(const std::string& client, const std::string& handle,
                           const chat::Message& message) const;
  std::optional<Turn> read(const std::string& text) const;
  void restore_message(const std::string& client, const std::string& handle,
                       chat::Message& message) const;

  Store& store_;
  const engine::Engine& engine_;
  const uint64_t vocabulary_;  // turns of another vocabulary mean nothing here
};

}  // namespace stride::api
