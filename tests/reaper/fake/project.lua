-- A REAPER project in memory, and the part of REAPER's API that reads and changes it.
--
-- Conventions: `project.api` holds the plain functions; contract.lua checks their arguments. Every change outside an
-- undo block is noted as a violation. Items of a track are kept in order of position, as REAPER does.

local pointers = require("pointers")
local sound = require("sound")

local project = { api = {}, tracks = {}, undo = {}, violations = {}, undo_depth = 0, refresh = 0, bpm = 120 }
local api = project.api
local get = pointers.get
local guids = 0

local function guid()
  guids = guids + 1
  return string.format("{00000000-0000-0000-0000-%012X}", guids)
end

local function violation(text) project.violations[#project.violations + 1] = text end
project.violation = violation

local function changes(what)
  if project.undo_depth == 0 then violation(what .. " outside an undo block") end
end

-- Making objects ------------------------------------------------------------------------------------------------

local function make_source(data)
  if data.parent then make_source(data.parent) end
  return pointers.make("PCM_source", data)
end

local function make_take(item, data)
  data.guid, data.item = guid(), item
  data.offset, data.rate, data.chanmode = data.offset or 0.0, data.rate or 1.0, data.chanmode or 0
  data.colour, data.name = data.colour or 0, data.name or ""
  data.stretch, data.markers, data.notes = data.stretch or {}, data.markers or {}, data.notes or {}
  make_source(data.source)
  return pointers.make("MediaItem_Take", data)
end

local function make_item(track, data)
  data.guid, data.track, data.colour, data.active = guid(), track, data.colour or 0, data.active or 0
  track.items[#track.items + 1] = pointers.make("MediaItem", data)
  for _, take in ipairs(data.takes) do make_take(data, take) end
  return data
end

local function sort(track) table.sort(track.items, function(a, b) return a.position < b.position end) end

local function make_track(index, data)
  data.guid, data.name, data.colour = guid(), data.name or "", data.colour or 0
  table.insert(project.tracks, index, pointers.make("MediaTrack", data))
  return data
end

--- Take the project from a table as project.py writes it.
function project.load(data)
  project.bpm = data.bpm or 120
  project.here = pointers.make("ReaProject", {})
  project.other = pointers.make("ReaProject", {})
  project.current = project.here
  for k, row in ipairs(data.tracks) do
    local items = row.items
    row.items = {}
    local track = make_track(k, row)
    for _, item in ipairs(items) do make_item(track, item) end
    sort(track)
  end
end

function project.all_items()
  local items = {}
  for _, track in ipairs(project.tracks) do for _, item in ipairs(track.items) do items[#items + 1] = item end end
  return items
end

function project.remove(item)
  for k, other in ipairs(item.track.items) do
    if other == item then table.remove(item.track.items, k) break end
  end
  for _, take in ipairs(item.takes) do pointers.kill(take) end
  pointers.kill(item)
end

--- Return the project as plain tables, for the tests to look at.
function project.dump()
  local tracks = {}
  for k, track in ipairs(project.tracks) do
    local items = {}
    for i, item in ipairs(track.items) do
      local takes = {}
      for t, take in ipairs(item.takes) do
        takes[t] = { name = take.name, colour = take.colour, offset = take.offset, markers = take.markers, notes = take.notes }
      end
      items[i] = { position = item.position, length = item.length, colour = item.colour, takes = takes, active = item.active }
    end
    tracks[k] = { name = track.name, colour = track.colour, items = items }
  end
  return tracks
end

-- Reading -------------------------------------------------------------------------------------------------------

function api.EnumProjects() return project.current.pointer, "" end
function api.CountMediaItems() return #project.all_items() end
function api.GetMediaItem(_, k)
  local item = project.all_items()[k + 1]
  return item and item.pointer
end
function api.IsMediaItemSelected(item) return get(item).selected == true end
function api.GetActiveTake(item)
  local take = get(item).takes[get(item).active + 1]
  return take and take.pointer
end
function api.CountTakes(item) return #get(item).takes end
function api.TakeIsMIDI(take) return get(take).source.type == "MIDI" end
function api.GetTakeName(take) return get(take).name end
function api.GetMediaItem_Track(item) return get(item).track.pointer end
function api.GetTrack(_, k) return project.tracks[k + 1] and project.tracks[k + 1].pointer end
function api.ValidatePtr2(_, pointer, kind)
  return pointers.is_live(pointer) and pointers.kind(pointer) .. "*" == kind
end

local ITEM = { D_POSITION = "position", D_LENGTH = "length", I_CUSTOMCOLOR = "colour", B_LOOPSRC = "loop" }
local TAKE = { D_STARTOFFS = "offset", D_PLAYRATE = "rate", I_CUSTOMCOLOR = "colour", I_CHANMODE = "chanmode" }

local function number(value) return value == true and 1.0 or (value or 0) + 0.0 end

local function field(table_of, name) return table_of[name] or error("the fake has no " .. name) end

function api.GetMediaItemInfo_Value(item, name) return number(get(item)[field(ITEM, name)]) end
function api.GetMediaItemTakeInfo_Value(take, name) return number(get(take)[field(TAKE, name)]) end
function api.GetMediaTrackInfo_Value(track, name)
  assert(name == "IP_TRACKNUMBER")
  for k, other in ipairs(project.tracks) do if other == get(track) then return k + 0.0 end end
end

function api.GetMediaItemTake_Source(take) return get(take).source.pointer end
function api.GetMediaSourceParent(source) return get(source).parent and get(source).parent.pointer end
function api.GetMediaSourceType(source) return get(source).type end
function api.GetMediaSourceFileName(source) return get(source).path or "" end
function api.GetMediaSourceLength(source) return get(source).length + 0.0, false end
function api.GetMediaSourceSampleRate(source)
  local data = get(source)
  while data.parent do data = data.parent end
  return data.rate or 0
end
function api.GetMediaSourceNumChannels(source)
  local data = get(source)
  while data.parent do data = data.parent end
  return data.channels or 1
end
function api.PCM_Source_GetSectionInfo(source)
  local data = get(source)
  if data.type ~= "SECTION" then return false, 0.0, 0.0, false end
  return true, data.offset + 0.0, data.length + 0.0, data.reversed == true
end
function api.CF_GetMediaSourceOnline(source) return get(source).online ~= false end

function api.GetTakeNumStretchMarkers(take) return #get(take).stretch end
function api.GetTakeStretchMarker(take, k)
  local marker = get(take).stretch[k + 1]
  if not marker then return -1, 0.0, 0.0 end
  return k, marker[1] + 0.0, marker[2] + 0.0
end
function api.GetTakeStretchMarkerSlope(take, k) return (get(take).stretch[k + 1][3] or 0) + 0.0 end

function api.GetNumTakeMarkers(take) return #get(take).markers end
function api.GetTakeMarker(take, k)
  local marker = get(take).markers[k + 1]
  if not marker then return -1.0, "" end
  return marker.at, marker.name, marker.colour
end

-- Audio ---------------------------------------------------------------------------------------------------------

project.accessors = 0

function api.CreateTakeAudioAccessor(take)
  project.accessors = project.accessors + 1
  return pointers.make("AudioAccessor", { take = get(take) }).pointer
end
function api.DestroyAudioAccessor(accessor)
  pointers.kill(get(accessor))
  project.accessors = project.accessors - 1
end
function api.GetAudioAccessorStartTime(accessor) return get(accessor) and 0.0 end
function api.GetAudioAccessorSamples(accessor, rate, channels, start, n, buffer)
  local take = get(accessor).take
  local values = get(buffer)
  assert(n * channels <= values.size, "the buffer is too small")
  if take.source.online == false then return -1 end
  return sound.fill(take.item, take, rate, channels, start, n, values) and 1 or 0
end
function api.new_array(size)
  local values = { size = size }
  pointers.make("reaper.array", values)
  local function clear() for k = 1, size do values[k] = 0.0 end end
  clear()
  -- An array is no blind pointer: it has methods of its own.
  setmetatable(values.pointer, { __index = {
    clear = clear,
    table = function(from, n) return table.move(values, from or 1, (from or 1) + (n or size) - 1, 1, {}) end,
  } })
  return values.pointer
end

-- Changing ------------------------------------------------------------------------------------------------------

function api.Undo_BeginBlock2()
  if project.undo_depth > 0 then violation("an undo block inside another") end
  project.undo_depth = project.undo_depth + 1
end
function api.Undo_EndBlock2(_, title, flags)
  project.undo_depth = project.undo_depth - 1
  project.undo[#project.undo + 1] = { title = title, flags = flags }
  if project.refresh ~= 0 then violation("an undo point while the screen is held") end
end
function api.PreventUIRefresh(by)
  project.refresh = project.refresh + by
  if project.refresh < 0 then violation("PreventUIRefresh below zero") end
end
function api.UpdateArrange() end
function api.TrackList_AdjustWindows() end
function api.ColorToNative(r, g, b)
  assert(r <= 255 and g <= 255 and b <= 255)
  return b << 16 | g << 8 | r -- as on Windows; macOS has them the other way
end
function api.SetMediaItemInfo_Value(item, name, value)
  changes(name)
  get(item)[field(ITEM, name)] = value
  return true
end
function api.SetMediaItemTakeInfo_Value(take, name, value)
  changes(name)
  get(take)[field(TAKE, name)] = value
  return true
end
function api.SetMediaTrackInfo_Value(track, name, value)
  changes(name)
  assert(name == "I_CUSTOMCOLOR")
  get(track).colour = value
  return true
end

local STRINGS = { P_NAME = "name", GUID = "guid" }
local function get_set_string(pointer, name, value, set)
  local key = field(STRINGS, name)
  if set then
    changes(name)
    get(pointer)[key] = value
  end
  return true, get(pointer)[key]
end
api.GetSetMediaItemInfo_String = get_set_string
api.GetSetMediaItemTakeInfo_String = get_set_string
api.GetSetMediaTrackInfo_String = get_set_string

function api.SetTakeMarker(take, k, name, at, colour)
  changes("SetTakeMarker")
  local markers = get(take).markers
  assert(k == -1 and at, "the fake adds markers only")
  markers[#markers + 1] = { name = name, at = at, colour = colour or 0 }
  table.sort(markers, function(a, b) return a.at < b.at end)
  return #markers - 1
end
function api.DeleteTakeMarker(take, k)
  changes("DeleteTakeMarker")
  return table.remove(get(take).markers, k + 1) ~= nil
end

local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, entry in pairs(value) do
    if key ~= "pointer" and key ~= "item" and key ~= "track" then copy[key] = copied(entry) end
  end
  return copy
end

function api.SplitMediaItem(pointer, at)
  changes("SplitMediaItem")
  local item = get(pointer)
  local left_length = at - item.position
  if left_length <= 0 or left_length >= item.length then return nil end
  local data = copied(item)
  data.position, data.length = at, item.length - left_length
  for _, take in ipairs(data.takes) do
    take.offset = take.offset + left_length * take.rate
    for _, marker in ipairs(take.stretch) do marker[1] = marker[1] - left_length * take.rate end
  end
  item.length = left_length
  local right = make_item(item.track, data)
  sort(item.track)
  return right.pointer
end
function api.MoveMediaItemToTrack(pointer, track)
  changes("MoveMediaItemToTrack")
  local item, to = get(pointer), get(track)
  for k, other in ipairs(item.track.items) do if other == item then table.remove(item.track.items, k) break end end
  item.track = to
  to.items[#to.items + 1] = item
  sort(to)
  return true
end
function api.InsertTrackAtIndex(k)
  changes("InsertTrackAtIndex")
  make_track(k + 1, { items = {} })
end
function api.CreateNewMIDIItemInProj(track, start, stop)
  changes("CreateNewMIDIItemInProj")
  assert(stop > start)
  local take = { source = { type = "MIDI", length = 1.0 } }
  local item = make_item(get(track), { position = start, length = stop - start, takes = { take } })
  sort(get(track))
  return item.pointer
end
function api.MIDI_GetPPQPosFromProjTime(take, time)
  return (time - get(take).item.position) * project.bpm / 60 * 960
end
function api.MIDI_InsertNote(take, _, _, start, stop, channel, pitch, velocity, no_sort)
  changes("MIDI_InsertNote")
  assert(stop > start and pitch >= 0 and pitch <= 127 and velocity >= 1 and velocity <= 127 and channel <= 15)
  local data = get(take)
  local function tick(ppq) return math.floor(ppq + 0.5) end -- a MIDI item has whole ticks
  table.insert(data.notes, { tick(start), tick(stop), channel, pitch, velocity })
  data.unsorted = no_sort
  return true
end
function api.MIDI_Sort(take)
  local data = get(take)
  table.sort(data.notes, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[4] < b[4] end)
  data.unsorted = false
end

--- Note what a script has left behind when it ended or waits.
function project.check_balance()
  if project.undo_depth ~= 0 then violation("an undo block was left open") end
  if project.refresh ~= 0 then violation("the screen is still held") end
  for _, item in ipairs(project.all_items()) do
    for _, take in ipairs(item.takes) do if take.unsorted then violation("notes were left unsorted") end end
  end
end

return project
