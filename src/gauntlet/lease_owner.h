// SPDX-License-Identifier: Apache-2.0
// Names this process in a lease so that another can ask whether it still lives: a run that was
// killed is then resumed at once instead of when its leases have expired.
#pragma once

#include <string>
#include <string_view>

namespace stride::gauntlet {

// Boot of the machine, pid, and when the process started.
std::string lease_owner();

// False only where the process is known to be gone: same boot, but no such process, or a younger
// one under its number.
bool owner_alive(std::string_view owner);

}  // namespace stride::gauntlet
