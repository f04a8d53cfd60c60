// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

namespace stride {

std::string_view version() {
  return STRIDE_VERSION;
}

}  // namespace stride
