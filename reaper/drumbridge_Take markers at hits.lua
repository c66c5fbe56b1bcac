-- @noindex
-- Puts a take marker at every hit of the selected items: its drums and its confidence, in the colour of the drum.
-- Markers of an earlier run are replaced; other markers stay.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local hits = require("hits")

local function remove_ours(take)
  for k = reaper.GetNumTakeMarkers(take) - 1, 0, -1 do
    local _, name = reaper.GetTakeMarker(take, k)
    if hits.is_title(name) then reaper.DeleteTakeMarker(take, k) end
  end
end

require("run").action({
  title = "Take markers at hits",
  of = "selected",
  ask = "transcribe",
  apply = function(found)
    for _, entry in ipairs(found) do
      remove_ours(entry.take.take)
      local set = {} -- a loop shows its markers at every turn
      for _, hit in ipairs(entry.hits) do
        local at = entry.take:source_time(hit.at)
        local place = math.floor(at * 1000 + 0.5)
        if not set[place] then
          reaper.SetTakeMarker(entry.take.take, -1, hits.title(hit), at, hits.colour(hits.label(hit)))
          set[place] = true
        end
      end
    end
  end,
})
