-- Colours on items.
--
-- Conventions: an item with one take is coloured as a whole. Of an item with several takes only the one that was
-- listened to is coloured, since the others may be other drums; so is a take that has a colour of its own, which
-- would hide the item's.

local hits = require("hits")

local paint = {}

--- Colour what was listened to.
function paint.item(what, label)
  local colour = hits.colour(label)
  local several = reaper.CountTakes(what.item) > 1
  if several or reaper.GetMediaItemTakeInfo_Value(what.take, "I_CUSTOMCOLOR") ~= 0 then
    reaper.SetMediaItemTakeInfo_Value(what.take, "I_CUSTOMCOLOR", colour)
  end
  if not several then reaper.SetMediaItemInfo_Value(what.item, "I_CUSTOMCOLOR", colour) end
end

--- Colour a piece of a split item, if it has a drum.
function paint.piece(piece)
  if piece.label then paint.item({ item = piece.item, take = reaper.GetActiveTake(piece.item) }, piece.label) end
end

return paint
