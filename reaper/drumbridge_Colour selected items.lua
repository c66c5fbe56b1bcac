-- @noindex
-- Gives each selected item the colour of the drum that it is.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

require("run").action({
  title = "Colour selected items",
  of = "selected",
  ask = "classify",
  apply = function(found)
    for _, entry in ipairs(found) do require("paint").item(entry.take, entry.label) end
  end,
})
