-- @noindex
-- Splits the selected items at every hit and gives each piece the colour of its drum.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local paint = require("paint")

require("run").action({
  title = "Split items at hits",
  of = "selected",
  ask = "transcribe",
  apply = function(found)
    for _, entry in ipairs(found) do
      for _, piece in ipairs(require("pieces").split(entry)) do paint.piece(piece) end
    end
  end,
})
