-- Runs one action in a fake REAPER: lua5.4 run_action.lua CONTRACT.json SCENARIO.json RESULT.json
--
-- Conventions: the action sees `reaper` and `gfx` and nothing else of the fake; what it may load is what REAPER would
-- let it load. The clock is LuaSocket's, which is taken away again before the action runs.

local here = arg[0]:match("^(.*[\\/])") or "./"
local ours = package.path
package.path = here .. "fake/?.lua;" .. here .. "../../reaper/lib/?.lua;" .. package.path

local clock = require("socket.core")
local contract = require("contract")
local json = require("json")
local pointers = require("pointers")
local project = require("project")
local host = require("host")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local value = json.decode(file:read("a"))
  file:close()
  return value
end

local facts, scenario = read(arg[1]), read(arg[2])
project.load(scenario.project)
host.load(scenario, clock)

local function checked(functions, prefix)
  local table_of = {}
  for name, implementation in pairs(functions) do
    -- What the scripts do not call is not in the contract, so they cannot call it by mistake either.
    table_of[name] = facts.functions[prefix .. name] and contract.check(prefix .. name, facts, implementation, pointers.kind, function(called)
      host.used[called] = true
      host.called(called)
    end)
  end
  return table_of
end

local all = {}
for name, implementation in pairs(project.api) do all[name] = implementation end
for name, implementation in pairs(host.api) do all[name] = implementation end
if not scenario.sws then all.CF_GetMediaSourceOnline = nil end

reaper = setmetatable(checked(all, ""), {
  __index = function(_, name)
    if name == "CF_GetMediaSourceOnline" then return nil end -- an extension that not everybody has
    error("REAPER has no function " .. tostring(name) .. ", or contract.json or the fake does not", 2)
  end,
  __newindex = function() error("nothing is written into reaper", 2) end,
})

local FIELDS = { w = 0.0, h = 0.0, x = 0.0, y = 0.0 }
host.set = function(name, value) FIELDS[name] = value end
local drawing = checked(host.gfx, "gfx.")
gfx = setmetatable({}, {
  __index = function(_, name) return drawing[name] or FIELDS[name] or error("gfx has no " .. tostring(name), 2) end,
  __newindex = function(_, name, value)
    if FIELDS[name] == nil or type(value) ~= "number" then error("gfx has no " .. tostring(name), 2) end
    FIELDS[name] = value
  end,
})

for name in pairs(package.loaded) do
  if name == "socket.core" or name == "json" or name == "project" or name == "host" or name == "contract" or name == "pointers"
    or name == "sound" then package.loaded[name] = nil end
end
package.path, package.cpath = ours, ""
math.randomseed(os.time() + math.floor(clock.gettime() * 1000) % 1000)

setmetatable(_G, { __newindex = function(_, name) error("a script made a global " .. name, 2) end })

host.run(scenario.action)

local used = {}
for name in pairs(host.used) do used[#used + 1] = name end
table.sort(used)
local texts = {}
for text in pairs(host.texts) do texts[#texts + 1] = text end
local file = assert(io.open(arg[3], "wb"))
file:write(json.encode({
  tracks = project.dump(), undo = project.undo, violations = project.violations, boxes = host.boxes, ticks = host.ticks,
  commands = host.commands, windows = host.windows, texts = texts, used = used, kept = host.kept, asked = host.asked,
  toggle = host.toggle, window_open = host.window_is_open(),
}))
file:close()
