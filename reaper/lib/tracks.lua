-- New tracks below a track.

local hits = require("hits")
local labels = require("labels")

local tracks = {}

--- Insert a track below another and name it.
function tracks.insert_below(track, name)
  -- The number of a track counts from 1, so it is the index of the next one.
  local index = math.tointeger(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER"))
  reaper.InsertTrackAtIndex(index, false)
  local new = reaper.GetTrack(reaper.EnumProjects(-1), index)
  reaper.GetSetMediaTrackInfo_String(new, "P_NAME", name, true)
  return new
end

--- Insert a track for each label of a set, in the order of the table of labels; return them by label.
function tracks.below(track, wanted)
  local of_label, above = {}, track
  for _, row in ipairs(labels.list) do
    if wanted[row.name] then
      above = tracks.insert_below(above, hits.shown(row.name))
      reaper.SetMediaTrackInfo_Value(above, "I_CUSTOMCOLOR", hits.colour(row.name))
      of_label[row.name] = above
    end
  end
  return of_label
end

return tracks
