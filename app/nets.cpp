// SPDX-License-Identifier: MIT
#include "app/nets.h"

#include "app/output.h"

namespace mailhaul::app {

int tell_error(report::Listener& tell, std::string_view account, const util::Error& error) {
  const int status = util::exit_status(error.kind());
  tell.failed(account, {.sentence = error.what(), .hint = error.hint(), .uid = {}, .status = status});
  return status;
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
