-- What goes wrong for a reason that a musician can do something about: a sentence of messages.lua.
--
-- Conventions: such an error is a table with `text`; any other error that reaches an action is a mistake of ours. One
-- with `of_item` concerns a single item, and the others go on. What ends a cancelled action is failure.CANCELLED.

local messages = require("messages")

local failure = { CANCELLED = {} }

--- Return a sentence of messages.lua with its gaps filled.
function failure.text(id, ...)
  local gaps, k = { ... }, 0
  return (assert(messages[id], id):gsub("%%s", function()
    k = k + 1
    return tostring(gaps[k])
  end))
end

--- End the action with a sentence of messages.lua.
function failure.raise(id, ...) error({ text = failure.text(id, ...) }) end

--- End the work on one item with a sentence of messages.lua.
function failure.raise_of_item(id, ...) error({ text = failure.text(id, ...), of_item = true }) end

return failure
