-- Writes what a take plays to a WAV file, through REAPER's audio accessor, a little at a time.
--
-- Conventions: float32, at the source's own rate, interleaved; item time 0 is the first sample. A reversed take is
-- written backwards, that is with its sounds forwards.

local failure = require("failure")

local export = {}

local BLOCK = 8192 -- frames
local BUSY_S = 0.02 -- then REAPER gets its turn
local MOST_CHANNELS = 8
local AT_ONCE = 4096 -- values that one call of string.pack takes

local function packed(values)
  local parts = {}
  for k = 1, #values, AT_ONCE do
    local n = math.min(AT_ONCE, #values - k + 1)
    parts[#parts + 1] = string.pack("<" .. ("f"):rep(n), table.unpack(values, k, k + n - 1))
  end
  return table.concat(parts)
end

local function header(rate, channels, n_frames)
  local n_bytes = n_frames * channels * 4
  return "RIFF" .. string.pack("<I4", 36 + n_bytes) .. "WAVEfmt "
    .. string.pack("<I4I2I2I4I4I2I2", 16, 3, channels, rate, rate * channels * 4, channels * 4, 32)
    .. "data" .. string.pack("<I4", n_bytes)
end

local function backwards(values, channels)
  local turned = {}
  for k = #values - channels + 1, 1, -channels do
    for c = 0, channels - 1 do turned[#turned + 1] = values[k + c] end
  end
  return turned
end

--- Write the first `most_s` seconds of a take (a `take` object) to `path`; sets its `written_s`.
--- `wait(fraction)` is called whenever REAPER has waited long enough; `at_end(function)` takes what must be done if
--- that never returns.
function export.write(what, path, most_s, wait, at_end)
  local rate = reaper.GetMediaSourceSampleRate(what.source)
  rate = math.max(8000, math.min(192000, rate > 0 and rate or 48000)) -- a subproject has no rate of its own
  local channels = math.max(1, math.min(MOST_CHANNELS, reaper.GetMediaSourceNumChannels(what.source)))
  local n_frames = math.max(1, math.floor(math.min(what.length, most_s) * rate + 0.5))
  local file = io.open(path, "wb") or failure.raise("not_written", path)
  local accessor = reaper.CreateTakeAudioAccessor(what.take)
  local ended = false
  local function finish()
    if ended then return end
    ended = true
    file:close()
    if accessor then reaper.DestroyAudioAccessor(accessor) end
  end
  at_end(finish)
  if not accessor then failure.raise_of_item("unreadable", what:called()) end

  local begins = reaper.GetAudioAccessorStartTime(accessor)
  -- What is written first: of a reversed take the end, where its sounds begin.
  local last = what.reversed and math.floor(what.length * rate + 0.5) or 0
  local buffer = reaper.new_array(BLOCK * channels)
  local written = file:write(header(rate, channels, n_frames))
  local done, since_s = 0, reaper.time_precise()
  while written and done < n_frames do
    if not reaper.ValidatePtr2(what.project, what.take, "MediaItem_Take*") then
      finish()
      failure.raise_of_item("changed", what:called())
    end
    local n = math.min(BLOCK, n_frames - done)
    local at = what.reversed and last - done - n or done
    buffer.clear()
    if reaper.GetAudioAccessorSamples(accessor, rate, channels, begins + at / rate, n, buffer) < 0 then
      finish()
      failure.raise_of_item("unreadable", what:called())
    end
    local values = buffer.table(1, n * channels)
    written = file:write(packed(what.reversed and backwards(values, channels) or values))
    done = done + n
    if reaper.time_precise() - since_s > BUSY_S then
      wait(done / n_frames)
      since_s = reaper.time_precise()
    end
  end
  written = written and file:flush()
  finish()
  if not written then failure.raise("not_written", path) end
  what.written_s = (what.reversed and last or n_frames) / rate
end

return export
