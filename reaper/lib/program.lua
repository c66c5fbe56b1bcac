-- Where the program drumbridge is, and how it is started without holding REAPER up.
--
-- Conventions: a command is a list of words. REAPER knows little of what a terminal has in its PATH, so after the
-- user's own setting and the note that `drumbridge install reaper` leaves beside this file the usual places are
-- looked at.

local failure = require("failure")
local json = require("json")
local settings = require("settings")

local program = {}

local SLASH = package.config:sub(1, 1)
local IS_WINDOWS = SLASH == "\\"
local NAME = IS_WINDOWS and "drumbridge.exe" or "drumbridge"
local FOLDER = debug.getinfo(1, "S").source:match("^@?(.*[\\/])")

--- Return the command that installed these scripts, {python, "-m", "drumbridge"}; nil where there is no note of it.
local function noted()
  local file = io.open(FOLDER .. "drumbridge-server.json", "rb")
  if not file then return nil end
  local ok, note = pcall(json.decode, file:read("a"))
  file:close()
  return ok and type(note) == "table" and type(note.command) == "table" and note.command or nil
end

local function candidates()
  local list = {}
  local function add(folder, rest) if folder and folder ~= "" then list[#list + 1] = { folder .. (rest or "") } end end
  local chosen = settings.text("program")
  if chosen ~= "" then add(chosen, SLASH .. NAME) end -- its folder will do; first, for a folder may "exist" too
  add(chosen)
  list[#list + 1] = noted()
  for entry in (os.getenv("PATH") or ""):gmatch(IS_WINDOWS and "[^;]+" or "[^:]+") do add(entry, SLASH .. NAME) end
  local home = os.getenv(IS_WINDOWS and "USERPROFILE" or "HOME")
  add(home, SLASH .. ".local" .. SLASH .. "bin" .. SLASH .. NAME) -- pipx and uv, on Windows too
  if not IS_WINDOWS then
    for _, place in ipairs({ "/opt/homebrew/bin/", "/usr/local/bin/", "/usr/bin/" }) do add(place, NAME) end
  end
  return list
end

--- Return the command that is drumbridge.
function program.find()
  local looked = {}
  for _, command in ipairs(candidates()) do
    local path = command[1]
    if type(path) == "string" and reaper.file_exists(path) and not path:find('"') then return command end
    looked[#looked + 1] = tostring(path)
  end
  failure.raise("no_program", table.concat(looked, ", "))
end

--- Return a command as it is typed in a terminal.
function program.shown(command)
  local words = {}
  for k, word in ipairs(command) do words[k] = word:find("[ '&]") and '"' .. word .. '"' or word end
  return table.concat(words, " ")
end

--- Start a command in the background with further words. No word may hold a double quote.
function program.start(command, ...)
  local words = table.move({ ... }, 1, select("#", ...), #command + 1, table.move(command, 1, #command, 1, {}))
  for k, word in ipairs(words) do words[k] = '"' .. word .. '"' end
  -- -1: REAPER does not wait; -2: nor does a console window open, on Windows.
  if not reaper.ExecProcess(table.concat(words, " "), IS_WINDOWS and -2 or -1) then
    failure.raise("program_failed", program.shown(command))
  end
end

return program
