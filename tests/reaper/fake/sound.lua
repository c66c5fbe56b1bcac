-- What a take of the fake project plays, sample by sample, out of real WAV files.
--
-- Conventions: written from REAPER's documentation alone and sharing nothing with reaper/lib. A section starts at its
-- offset in its parent; a reversed one plays from its end. Between two stretch markers the speed changes evenly.

local sound = {}

local files = {}

local function wav(path)
  if files[path] then return files[path] end
  local file = assert(io.open(path, "rb"), path)
  local bytes = file:read("a")
  file:close()
  local _, _, channels, rate, _, _, bits = string.unpack("<I4I2I2I4I4I2I2", bytes, bytes:find("fmt ", 1, true) + 4)
  assert(bits == 16, "16 bits wanted")
  local at = bytes:find("data", 13, true)
  local n = string.unpack("<I4", bytes, at + 4) // (2 * channels)
  files[path] = { bytes = bytes, first = at + 8, n = n, channels = channels, rate = rate }
  return files[path]
end

local function sample(file, channel, index)
  if index < 0 or index >= file.n then return 0.0 end
  local at = file.first + 2 * (index * file.channels + math.min(channel, file.channels - 1))
  return string.unpack("<i2", file.bytes, at) / 32768
end

local function at_source(source, time, channel)
  if source.type == "SECTION" then
    if time < 0 or time >= source.length then return 0.0 end
    local inside = source.reversed and source.length - time or time
    return at_source(source.parent, source.offset + inside, channel)
  end
  local file = wav(source.render or source.path)
  local place = time * file.rate
  local index = math.floor(place)
  local part = place - index
  return (1 - part) * sample(file, channel, index) + part * sample(file, channel, index + 1)
end

--- Return the time in its source that a take plays at an item time.
function sound.source_time(take, at)
  local scaled = at * take.rate
  if #take.stretch == 0 then return take.offset + scaled end
  local before, after
  for _, marker in ipairs(take.stretch) do
    if marker[1] <= scaled then before = marker else after = after or marker end
  end
  if not (before and after) then
    local one = before or after
    return one[2] + scaled - one[1]
  end
  local slope, span = before[3] or 0, after[1] - before[1]
  local speed = (after[2] - before[2]) / span
  local since = scaled - before[1]
  -- the integral of speed * (1 - slope + 2 * slope * t / span)
  return before[2] + speed * ((1 - slope) * since + slope * since * since / span)
end

--- Fill `buffer` with `n` frames of an item's take from an item time on; return whether anything sounds.
function sound.fill(item, take, rate, channels, start, n, buffer)
  local any = false
  for k = 0, n - 1 do
    local at = start + k / rate
    for c = 0, channels - 1 do
      local value = 0.0
      if at >= 0 and at < item.length then
        local time = sound.source_time(take, at)
        if item.loop then time = time % take.source.length end
        value = at_source(take.source, time, take.chanmode == 3 and 0 or take.chanmode == 4 and 1 or c)
      end
      buffer[k * channels + c + 1] = value
      any = any or value ~= 0
    end
  end
  return any
end

return sound
