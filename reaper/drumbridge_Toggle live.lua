-- @noindex
-- Lets drumbridge serve listen to what ReaStream sends, and play what it hears on REAPER's virtual MIDI keyboard,
-- through an OSC control surface. The same action ends it; a toolbar button shows which. drumbridge serve itself is
-- asked which it is, so the button is right after a restart of either.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local failure = require("failure")
local run = require("run")
local settings = require("settings")

local REASTREAM_PORT = 58710 -- ReaStream's own

local function osc(name, tags, ...)
  return { kind = "osc", name = name, tags = tags, arguments = { ... }, replies = {}, progress = 0 }
end

local function ask(requests, wait, at_end)
  run.listen(requests, wait, at_end)
  for _, request in ipairs(requests) do
    if request.code == "server.silent" then failure.raise("no_server", settings.value("port")) end
    if request.fail then
      if request.name:find("start$") then run.listen({ osc("reastream/stop", "") }, wait, at_end) end -- not by halves
      failure.raise("not_live", request.fail)
    end
  end
end

local function listens(status)
  for _, reply in ipairs(status.replies) do
    for k = 2, #reply - 1 do
      if reply[k] == "reastream_port" then return reply[k + 1] ~= 0 end
    end
  end
  return false
end

run.in_background("Toggle live", function(wait, at_end)
  local status = osc("status", "")
  ask({ status }, wait, at_end)
  local on = not listens(status)
  local surface = settings.value("surface")
  if on then
    ask({ osc("reastream/start", "i", REASTREAM_PORT), osc("vkb/start", "i", surface) }, wait, at_end)
  else
    ask({ osc("reastream/stop", ""), osc("vkb/stop", "i", surface) }, wait, at_end)
  end
  local _, _, section, command = reaper.get_action_context()
  reaper.SetToggleCommandState(section, command, on and 1 or 0)
  reaper.RefreshToolbar2(section, command)
  if on and settings.is_first_time("live") then reaper.MB(failure.text("live_on", surface), "drumbridge", 0) end
end)
