// SPDX-License-Identifier: MIT
#include "app/report_errors.h"

#include "app/output.h"
#include "engine/notices.h"

namespace mailhaul::app {

int tell_error(report::Listener& tell, std::string_view account, const util::Error& error) {
  tell.failed(account, engine::notice_of(error));
  return util::exit_status(error.kind());
}

int report_error(const Invocation& invocation, const util::Error& error) {
  return tell_error(*make_listener(invocation), {}, error);
}

int with_account(const Invocation& invocation, const account::Account& account,
                 const std::function<void()>& work) {
  try {
    work();
    return 0;
  } catch (const util::Error& error) {
    return tell_error(*make_listener(invocation), account.name, error);
  }
}

}  // namespace mailhaul::app
