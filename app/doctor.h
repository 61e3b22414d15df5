// SPDX-License-Identifier: MIT
#pragma once
#include "account/account.h"
#include "app/invocation.h"
#include "setup/doctor.h"

namespace mailhaul::app {

/// The real world for the checks of setup. Its `log_in` is empty: only doctor logs in.
setup::DoctorOutside doctor_outside(const Invocation& invocation, const account::Config& config);

}  // namespace mailhaul::app
