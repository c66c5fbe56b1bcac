-- REAPER around a script: its clock, its loop that resumes deferred functions, boxes, windows, processes, settings.
--
-- Conventions: real time, which a scenario may let pass faster; real processes, started without a shell in between,
-- as REAPER does. What people would do (press Esc, delete an item) is done by events of the scenario.

local pointers = require("pointers")
local project = require("project")

local host = { api = {}, gfx = {}, boxes = {}, commands = {}, windows = {}, texts = {}, ticks = 0, calls = {}, used = {} }
local api = host.api

local AT_MOST_S = 50
local TICK_S = 0.003

--- Prepare for a scenario; `clock` is a module with gettime and sleep.
function host.load(scenario, clock)
  host.scenario, host.clock, host.started_s = scenario, clock, clock.gettime()
  host.kept = scenario.settings or {}
  host.events = scenario.events or {}
  host.key = 0
end

local function elapsed_s() return host.clock.gettime() - host.started_s end

-- Events --------------------------------------------------------------------------------------------------------

local DOES = {}
function DOES.press(key) host.key = key end
function DOES.delete_item(k) project.remove(project.all_items()[k + 1]) end
function DOES.move_item(to) project.all_items()[to[1] + 1].position = to[2] end
function DOES.set_active(to) project.all_items()[to[1] + 1].active = to[2] end
function DOES.trim_item(to) project.all_items()[to[1] + 1].length = to[2] end
function DOES.switch_project() project.current = project.other end
DOES["raise"] = function(text) error(text, 0) end

local function happen(kind, name, count)
  for _, event in ipairs(host.events) do
    local trigger = event[kind]
    local due = trigger and (kind == "tick" and count >= trigger or kind == "call" and trigger == name and count == (event.nth or 1))
    if due and not event.happened then
      event.happened = true
      for what, value in pairs(event["do"]) do DOES[what](value) end
    end
  end
end

--- Note a call of the API and let happen what a scenario has for it.
function host.called(name)
  host.calls[name] = (host.calls[name] or 0) + 1
  happen("call", name, host.calls[name])
end

-- API -----------------------------------------------------------------------------------------------------------

local deferred, at_exit = {}, {}

function api.defer(work) deferred[#deferred + 1] = work return true end
function api.atexit(work) at_exit[#at_exit + 1] = work return true end
function api.time_precise() return 100 + elapsed_s() * (host.scenario.speed or 1) end
function api.GetOS() return "Other" end
function api.GetResourcePath() return host.scenario.resource_path end
function api.GetAppVersion() return "7.20/linux-x86_64" end
function api.genGuid()
  local hex = {}
  for k = 1, 32 do hex[k] = string.format("%X", math.random(0, 15)) end
  return (table.concat(hex):gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)", "{%1-%2-%3-%4-")) .. "}"
end
function api.file_exists(path)
  local file = io.open(path, "rb")
  if not file then return false end
  local is_file = file:read(0) ~= nil or file:seek("end") == 0 -- a folder can be opened but not read
  file:close()
  return is_file
end
function api.GetExtState(section, key)
  assert(section == "drumbridge")
  return host.kept[key] or ""
end
function api.SetExtState(section, key, value)
  assert(section == "drumbridge")
  host.kept[key] = value
end
function api.MB(text, title, kind)
  host.boxes[#host.boxes + 1] = { text = text, title = title, kind = kind }
  return 1
end
function api.GetUserInputs(title, n, captions, values)
  host.asked = { title = title, n = n, captions = captions, values = values }
  if not host.scenario.answer then return false, values end
  return true, host.scenario.answer
end
function api.get_action_context() return true, host.scenario.action, 0, 41000, -1, 0, 0.0, "" end
function api.SetToggleCommandState(_, _, state) host.toggle = state return true end
function api.RefreshToolbar2() end

local function arguments_of(command)
  local list, at = {}, 1
  while at <= #command do
    local quoted, after = command:match('^%s*"([^"]*)"%s*()', at)
    if not quoted then quoted, after = command:match("^%s*(%S+)%s*()", at) end
    list[#list + 1], at = quoted, after
  end
  return list
end

function api.ExecProcess(command, timeout)
  assert(timeout == -1 or timeout == -2, "this would hold REAPER up")
  local list = arguments_of(command)
  host.commands[#host.commands + 1] = list
  if not api.file_exists(list[1]) then return nil end
  local quoted = {}
  for k, argument in ipairs(list) do quoted[k] = "'" .. argument:gsub("'", "'\\''") .. "'" end
  os.execute(table.concat(quoted, " ") .. " </dev/null >>" .. host.scenario.log .. " 2>&1 &")
  return "0\n"
end

-- The graphics window -------------------------------------------------------------------------------------------

local gfx = host.gfx
local open = false

function gfx.init(title, w, h)
  open = true
  host.windows[#host.windows + 1] = title
  host.set("w", w + 0.0)
  host.set("h", h + 0.0)
  return 1
end
function gfx.quit() open = false return 0 end
function gfx.getchar() assert(open, "no window") local key = host.key host.key = 0 return key end
function gfx.drawstr(text)
  assert(open, "no window")
  host.texts[text] = true
  return 0
end
for _, name in ipairs({ "set", "rect", "setfont", "update" }) do
  gfx[name] = function() assert(open, "no window") return 0 end
end

function host.window_is_open() return open end

-- The loop ------------------------------------------------------------------------------------------------------

local function guarded(work)
  local ok, why = xpcall(work, debug.traceback)
  if not ok then project.violation("an error reached REAPER: " .. tostring(why)) end
end

--- Run a script until nothing of it is deferred.
function host.run(path)
  guarded(function() dofile(path) end)
  project.check_balance()
  while #deferred > 0 do
    if elapsed_s() > AT_MOST_S then project.violation("the script never ended") break end
    host.clock.sleep(TICK_S)
    host.ticks = host.ticks + 1
    happen("tick", nil, host.ticks)
    local due = deferred
    deferred = {}
    for _, work in ipairs(due) do guarded(work) end
    project.check_balance()
  end
  for _, work in ipairs(at_exit) do guarded(work) end
  if project.accessors ~= 0 then project.violation("an audio accessor was left") end
end

return host
