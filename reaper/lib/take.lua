-- What a take plays: which part of which file, and how times in that file become times in the project.
--
-- Conventions: three clocks, all in seconds. File time counts from the start of the audio file. Source time is the
-- take's own, in which REAPER keeps take markers: item time * play rate + start offset. Item time counts from the
-- start of the item; item time + the item's position is project time.
-- A take that plays a plain file, or a section of it, is heard in the file itself. Any other (reversed, stretched,
-- a subproject, a video, one channel only, a format whose decoders do not agree on where it starts) is first written
-- to a temporary file as REAPER plays it, so nothing has to be assumed of it; a reversed one forwards.

local take = {}
take.__index = take

-- Formats whose samples have one place only. An MP3 starts up to 0.05 s earlier or later, as its decoder likes.
local EXACT = { WAV = true, WAVE = true, AIFF = true, FLAC = true, VORBIS = true }

local EARLY_S = 0.010 -- an item that was cut on a hit may begin this much after where the hit is heard
local END_S = 0.001 -- what starts this near the end of an item is not heard in it

-- What an answer hangs on, beside the take itself.
local DECISIVE = { "path", "section_offset", "source_length", "reversed", "length", "loops", "offset", "rate" }

local function guid_of_item(item)
  local _, guid = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
  return guid
end

local function guid_of_take(media_take)
  local _, guid = reaper.GetSetMediaItemTakeInfo_String(media_take, "GUID", "", false)
  return guid
end

--- Follow the sections of a source to its file: root source, seconds that they start in it, and whether one reverses.
local function root_of(source)
  local offset, reversed = 0, false
  while true do
    local parent = reaper.GetMediaSourceParent(source)
    if not parent then return source, offset, reversed end
    local is_section, section_offset, _, section_reversed = reaper.PCM_Source_GetSectionInfo(source)
    if is_section then
      offset = offset + section_offset
      reversed = reversed ~= section_reversed
    end
    source = parent
  end
end

local function stretch_markers(media_take)
  local markers = {}
  for k = 0, reaper.GetTakeNumStretchMarkers(media_take) - 1 do
    local index, at, source_at = reaper.GetTakeStretchMarker(media_take, k)
    if index >= 0 then
      local slope = reaper.GetTakeStretchMarkerSlope(media_take, k)
      markers[#markers + 1] = { at = at, source_at = source_at, slope = slope }
    end
  end
  return markers
end

--- Return whether an item has audio in its active take.
function take.is_audio(item)
  local active = reaper.GetActiveTake(item)
  return active ~= nil and not reaper.TakeIsMIDI(active)
end

--- Describe the active take of an audio item of a project.
function take.of(project, item)
  local active = reaper.GetActiveTake(item)
  local source = reaper.GetMediaItemTake_Source(active)
  local root, section_offset, reversed = root_of(source)
  local self = setmetatable({
    project = project, item = item, take = active, guid = guid_of_item(item), take_guid = guid_of_take(active),
    name = reaper.GetTakeName(active), root = root, source = source, reversed = reversed,
    section_offset = section_offset, source_length = reaper.GetMediaSourceLength(source),
    path = reaper.GetMediaSourceFileName(root), stretch = stretch_markers(active),
  }, take)
  self:_measure()
  self.exact = EXACT[reaper.GetMediaSourceType(root)] ~= nil and not reversed and #self.stretch == 0
    and reaper.GetMediaItemTakeInfo_Value(active, "I_CHANMODE") == 0 and self.source_length > 0
  return self
end

function take:_measure()
  self.position = reaper.GetMediaItemInfo_Value(self.item, "D_POSITION")
  self.length = reaper.GetMediaItemInfo_Value(self.item, "D_LENGTH")
  self.loops = reaper.GetMediaItemInfo_Value(self.item, "B_LOOPSRC") ~= 0
  self.offset = reaper.GetMediaItemTakeInfo_Value(self.take, "D_STARTOFFS")
  self.rate = reaper.GetMediaItemTakeInfo_Value(self.take, "D_PLAYRATE")
end

--- What people know it by.
function take:called() return '"' .. (self.name ~= "" and self.name or self.path:match("[^/\\]*$")) .. '"' end

--- Return whether its media can be read.
function take:is_online()
  -- This one function is of the SWS extension, which not everybody has.
  if reaper.CF_GetMediaSourceOnline and not reaper.CF_GetMediaSourceOnline(self.root) then return false end
  return self.path == "" or reaper.file_exists(self.path)
end

--- The parts of the source that are played, in order: {start, stop} in source time and {at} in item time.
function take:_parts()
  local start, stop = self.offset, self.offset + self.length * self.rate
  if not self.loops then
    start, stop = math.max(start, 0), math.min(stop, self.source_length)
    return stop > start and { { start = start, stop = stop, at = (start - self.offset) / self.rate } } or {}
  end
  local parts = {}
  for turn = math.floor(start / self.source_length), math.ceil(stop / self.source_length) - 1 do
    local begins = turn * self.source_length
    local from, to = math.max(start, begins), math.min(stop, begins + self.source_length)
    if to > from then
      parts[#parts + 1] = { start = from - begins, stop = to - begins, at = (from - self.offset) / self.rate }
    end
  end
  return parts
end

--- Return the part of the file that is heard, seconds; nil when nothing of it is.
function take:file_range()
  local start, stop = math.huge, -math.huge
  for _, part in ipairs(self:_parts()) do
    start, stop = math.min(start, part.start), math.max(stop, part.stop)
  end
  if stop <= start then return nil end
  return math.max(0, self.section_offset + start - EARLY_S), self.section_offset + stop
end

--- Return whether a classifier that reads the whole file hears what the item plays, and nothing else.
function take:is_whole_file(first_s)
  local start, stop = self:file_range()
  if not self.exact or self.rate ~= 1 or not start or self.section_offset ~= 0 or self.offset > 0 then return false end
  local file_length = reaper.GetMediaSourceLength(self.root)
  return stop >= math.min(first_s, file_length - END_S)
end

--- Return every item time at which a file time is heard, in order.
function take:item_times(file_s)
  if not self.exact then return self:_kept({ self.reversed and self.written_s - file_s or file_s }) end
  local times = {}
  local source_s = file_s - self.section_offset
  for k, part in ipairs(self:_parts()) do
    local early_s = k == 1 and EARLY_S * self.rate or 0
    if source_s >= part.start - early_s and source_s < part.stop then
      times[#times + 1] = part.at + (source_s - part.start) / self.rate
    end
  end
  return self:_kept(times)
end

function take:_kept(times)
  local kept = {}
  for _, at in ipairs(times) do
    -- A reversed sound ends where its attack is, so there the two ends change places.
    local first, last = -EARLY_S, self.length - END_S
    if self.reversed then first, last = END_S, self.length + EARLY_S end
    if at >= first and at < last then kept[#kept + 1] = math.min(math.max(at, 0), self.length) end
  end
  return kept
end

local function stretched(markers, at)
  local before, after
  for _, marker in ipairs(markers) do
    if marker.at <= at then before = marker elseif not after then after = marker end
  end
  if not before then return after.source_at + at - after.at end
  if not after then return before.source_at + at - before.at end
  -- Between two markers the speed goes evenly from (1 - slope) to (1 + slope) times its mean.
  local part = (at - before.at) / (after.at - before.at)
  return before.source_at + (after.source_at - before.source_at) * part * (1 - before.slope + before.slope * part)
end

--- Return the source time of an item time: where a take marker has to be.
function take:source_time(item_s)
  if #self.stretch > 0 then return stretched(self.stretch, item_s * self.rate) end
  local source_s = self.offset + item_s * self.rate
  if self.loops and self.source_length > 0 then source_s = source_s % self.source_length end
  return source_s
end

--- Return whether the item is there, with this take active and playing the same part of the same source.
function take:is_unchanged()
  if not reaper.ValidatePtr2(self.project, self.item, "MediaItem*") or guid_of_item(self.item) ~= self.guid then
    return false
  end
  local active = reaper.GetActiveTake(self.item)
  if not active or guid_of_take(active) ~= self.take_guid then return false end
  local now = take.of(self.project, self.item)
  for _, key in ipairs(DECISIVE) do
    if now[key] ~= self[key] then return false end
  end
  self.take, self.position = active, now.position -- a moved item plays the same
  return #now.stretch == #self.stretch
end

return take
