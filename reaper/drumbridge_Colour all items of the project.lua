-- @noindex
-- Gives every audio item of the project the colour of the drum that it is, and says how many there are of each.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local failure = require("failure")
local hits = require("hits")
local labels = require("labels")

require("run").action({
  title = "Colour all items of the project",
  of = "project",
  ask = "classify",
  apply = function(found)
    local count = {}
    for _, entry in ipairs(found) do
      require("paint").item(entry.take, entry.label)
      count[entry.label] = (count[entry.label] or 0) + 1
    end
    local parts = {}
    for _, row in ipairs(labels.list) do
      if count[row.name] then parts[#parts + 1] = count[row.name] .. " " .. hits.shown(row.name) end
    end
    if count.drums then parts[#parts + 1] = count.drums .. " drums (several in one item)" end
    if count.unsure then parts[#parts + 1] = count.unsure .. " unsure" end
    return failure.text("coloured", #found, table.concat(parts, ", "))
  end,
})
