-- @noindex
-- Writes the hits of the selected items as notes into MIDI items on a new track below theirs: General MIDI drums on
-- channel 10, or the notes that the user chose in "drumbridge: Settings". Drums that sound together are notes together.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local failure = require("failure")
local notes = require("notes")
local tracks = require("tracks")

require("run").action({
  title = "MIDI item from hits",
  of = "selected",
  ask = "transcribe",
  apply = function(found)
    local new_tracks, unsure = {}, 0
    for _, entry in ipairs(found) do
      local track = reaper.GetMediaItem_Track(entry.take.item)
      new_tracks[track] = new_tracks[track] or tracks.insert_below(track, "drums (MIDI)")
      unsure = unsure + notes.write(new_tracks[track], entry)
    end
    if unsure > 0 then return failure.text("no_note", unsure) end
  end,
})
