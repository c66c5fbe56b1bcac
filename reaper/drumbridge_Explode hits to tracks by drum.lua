-- @noindex
-- Splits the selected items at every hit and moves each piece to a new track for its drum, below its own track.
-- What is unsure, and what comes before the first hit, stays where it is.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local paint = require("paint")
local pieces = require("pieces")
local tracks = require("tracks")

require("run").action({
  title = "Explode hits to tracks by drum",
  of = "selected",
  ask = "transcribe",
  apply = function(found)
    local by_track = {} -- in the order of the first item of each
    for _, entry in ipairs(found) do
      local track = reaper.GetMediaItem_Track(entry.take.item)
      local group = by_track[track]
      if not group then
        group = { track = track, pieces = {} }
        by_track[track], by_track[#by_track + 1] = group, group
      end
      for _, piece in ipairs(pieces.split(entry)) do group.pieces[#group.pieces + 1] = piece end
    end
    for _, group in ipairs(by_track) do
      local wanted = {}
      for _, piece in ipairs(group.pieces) do if piece.label then wanted[piece.label] = true end end
      wanted.unsure = nil
      local of_label = tracks.below(group.track, wanted)
      for _, piece in ipairs(group.pieces) do
        paint.piece(piece)
        if of_label[piece.label] then reaper.MoveMediaItemToTrack(piece.item, of_label[piece.label]) end
      end
    end
  end,
})
