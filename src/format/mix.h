// SPDX-License-Identifier: Apache-2.0
// Which type each tensor gets in a file of a named mix. A mix is the name of a type ("Q8_0": every
// matrix has it) or one of the recipes that files are known by ("Q4_K_S").
//
// In every mix, what is small and decides much stays F32: norms, the router and its bias, the table
// of rotary frequencies. A matrix whose rows are no whole blocks of its type falls back to Q8_0,
// and where that does not fit either, to F16.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/tensor_catalog.h"

namespace stride::format {

class Mix {
 public:
  // Case does not matter. The error lists what there is.
  static Result<Mix> parse(std::string_view name);

  struct Choice {
    quant::Type type;
    bool fallback = false;  // the mix wanted another type, which does not fit the rows
  };
  // `n_layer` is the number of trunk layers.
  Choice choose(const Tensor& tensor, uint32_t n_layer) const;

  const std::string& name() const { return name_; }
  // general.file_type as other programs number it.
  uint32_t file_type() const { return file_type_; }

 private:
  enum class Recipe { plain, q4_k_s, mxfp4_moe };
  Mix(std::string name, Recipe recipe, quant::Type type, uint32_t file_type)
      : name_(std::move(name)), recipe_(recipe), type_(type), file_type_(file_type) {}
  quant::Type wanted(std::string_view role, int layer, uint32_t n_layer) const;

  std::string name_;
  Recipe recipe_;
  quant::Type type_;
  uint32_t file_type_;
};

}  // namespace stride::format
