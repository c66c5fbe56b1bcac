-- @noindex
-- Names the active take of each selected item after the drum that it is; a take that is unsure keeps its name.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local hits = require("hits")

require("run").action({
  title = "Name takes of selected items",
  of = "selected",
  ask = "classify",
  apply = function(found)
    for _, entry in ipairs(found) do
      if entry.label ~= "unsure" then
        reaper.GetSetMediaItemTakeInfo_String(entry.take.take, "P_NAME", hits.shown(entry.label), true)
      end
    end
  end,
})
