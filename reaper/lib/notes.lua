-- Hits as notes of a MIDI item.
--
-- Conventions: a note lasts NOTE_S, or until the same drum is hit again, and never past the item's end.

local settings = require("settings")

local notes = {}
local NOTE_S = 0.1
local SHORTEST_S = 0.001
local CHANNEL = 9 -- the drum channel, counted from 0

--- Write the hits of an item ({take, hits}) into a new MIDI item of the same length; return how many were unsure.
function notes.write(track, entry)
  local start_s, length = entry.take.position, entry.take.length
  local item = reaper.CreateNewMIDIItemInProj(track, start_s, start_s + length, false)
  local take = reaper.GetActiveTake(item)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", entry.take.name, true)
  local next_at, unsure = {}, 0
  for k = #entry.hits, 1, -1 do -- from the end, to know when each note comes next
    local hit = entry.hits[k]
    if #hit.labels == 0 then unsure = unsure + 1 end
    for _, drum in ipairs(hit.labels) do
      local note = settings.note(drum.label)
      if next_at[note] ~= hit.at then -- two labels may share a note
        local start = math.min(hit.at, length - SHORTEST_S) -- the attack of a reversed sound may be the item's end
        local stop = math.min(start + NOTE_S, next_at[note] or length, length)
        reaper.MIDI_InsertNote(take, false, false, reaper.MIDI_GetPPQPosFromProjTime(take, start_s + start),
          reaper.MIDI_GetPPQPosFromProjTime(take, start_s + stop), CHANNEL, note, hit.velocity, true)
        next_at[note] = hit.at
      end
    end
  end
  reaper.MIDI_Sort(take)
  return unsure
end

return notes
