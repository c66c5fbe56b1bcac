-- Where the program drumbridge is, and how it is started without holding REAPER up.
--
-- Conventions: REAPER knows little of what a terminal has in its PATH, so after the user's own setting and what
-- `drumbridge install reaper` has noted beside these scripts the usual places are looked at.

local failure = require("failure")
local settings = require("settings")

local program = {}

local SLASH = package.config:sub(1, 1)
local IS_WINDOWS = SLASH == "\\"
local NAME = IS_WINDOWS and "drumbridge.exe" or "drumbridge"
local FOLDER = debug.getinfo(1, "S").source:match("^@?(.*[\\/])")

local function noted()
  local file = io.open(FOLDER .. "program.txt", "rb")
  if not file then return nil end
  local line = file:read("l")
  file:close()
  return line and line:gsub("%s+$", "")
end

local function candidates()
  local list = {}
  local function add(folder, rest) if folder and folder ~= "" then list[#list + 1] = folder .. (rest or "") end end
  local chosen = settings.text("program")
  add(chosen)
  add(chosen ~= "" and chosen or nil, SLASH .. NAME) -- its folder will do too
  add(noted())
  for entry in (os.getenv("PATH") or ""):gmatch(IS_WINDOWS and "[^;]+" or "[^:]+") do add(entry, SLASH .. NAME) end
  local home = os.getenv(IS_WINDOWS and "USERPROFILE" or "HOME")
  add(home, SLASH .. ".local" .. SLASH .. "bin" .. SLASH .. NAME) -- pipx and uv, on Windows too
  if not IS_WINDOWS then
    for _, place in ipairs({ "/opt/homebrew/bin/", "/usr/local/bin/", "/usr/bin/" }) do add(place, NAME) end
  end
  return list
end

--- Return the path of the program.
function program.find()
  local list = candidates()
  for _, path in ipairs(list) do
    -- A folder is there for file_exists on some systems; the candidate with the name in it follows it.
    if path:lower():find("drumbridge[^/\\]*$") and reaper.file_exists(path) and not path:find('"') then return path end
  end
  failure.raise("no_program", table.concat(list, ", "))
end

--- Start the program in the background. No argument may hold a double quote.
function program.start(path, ...)
  local parts = { path, ... }
  for k, part in ipairs(parts) do parts[k] = '"' .. part .. '"' end
  -- -1: REAPER does not wait; -2: nor does a console window open, on Windows.
  if not reaper.ExecProcess(table.concat(parts, " "), IS_WINDOWS and -2 or -1) then
    failure.raise("program_failed", path)
  end
end

return program
