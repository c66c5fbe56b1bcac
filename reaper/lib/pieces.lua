-- Splitting an item at its hits.
--
-- Conventions: a piece is {item, label}; the one before the first hit has no label. In a reversed item a sound lies
-- before its attack, so there a piece belongs to the hit at its end.

local hits = require("hits")

local pieces = {}
local SHORTEST_S = 0.001

--- Split an item (found by run.lua: {take, hits}) and return its pieces from left to right.
function pieces.split(entry)
  local what = entry.take
  local position, length, reversed = what.position, what.length, what.reversed
  local made = { { item = what.item } }
  for _, hit in ipairs(entry.hits) do
    local left = made[#made]
    if hit.at > SHORTEST_S and hit.at < length - SHORTEST_S then
      local right = reaper.SplitMediaItem(left.item, position + hit.at)
      if right then made[#made + 1] = { item = right } end
    end
    local owner = reversed and left or made[#made]
    owner.label = owner.label or hits.label(hit)
  end
  return made
end

return pieces
