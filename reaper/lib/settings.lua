-- What the user chose, kept by REAPER itself (in reaper-extstate.ini) under the section "drumbridge".
--
-- Conventions: every setting is a row of SETTINGS with its default and a check that returns the value or nil.

local labels = require("labels")

local settings = {}
local SECTION = "drumbridge"

local function text(value) return value end

local function port(value)
  local number = math.tointeger(tonumber(value))
  return number and number >= 1 and number <= 65535 and number or nil
end

local function percent(value)
  local number = tonumber(value)
  return number and number >= 0 and number <= 100 and number or nil
end

--- Return "kick=36 snare=40" as a table from label to note; nil and the reason if it is none.
function settings.parse_notes(value)
  local notes = {}
  for word in value:gmatch("[^%s;]+") do
    local label, digits = word:match("^([%w_]+)=(%d+)$")
    local note = tonumber(digits)
    if not note or note > 127 or not labels.by_name[label] then return nil, word end
    notes[label] = note
  end
  return notes
end

local SETTINGS = {
  { key = "program", title = "drumbridge program (empty: look for it)", default = "", check = text },
  { key = "port", title = "Port of drumbridge serve", default = "23786", check = port },
  { key = "surface", title = "Port of REAPER's OSC surface", default = "8000", check = port },
  { key = "minimum", title = "Unsure below this confidence (%)", default = "0", check = percent },
  { key = "notes", title = "Notes other than General MIDI", default = "", check = settings.parse_notes },
}
settings.rows = SETTINGS

--- Return the text of a setting as it is kept.
function settings.text(key)
  for _, row in ipairs(SETTINGS) do
    if row.key == key then
      local kept = reaper.GetExtState(SECTION, key)
      return row.check(kept) ~= nil and kept ~= "" and kept or row.default
    end
  end
  error("there is no setting " .. key)
end

--- Return the value of a setting: a text, a number or a table of notes.
function settings.value(key)
  for _, row in ipairs(SETTINGS) do
    if row.key == key then return row.check(settings.text(key)) end
  end
end

--- Keep a setting for good.
function settings.keep(key, value) reaper.SetExtState(SECTION, key, value, true) end

--- Return whether this is the first time since REAPER was started that something is told.
function settings.is_first_time(what)
  local first = reaper.GetExtState(SECTION, "told " .. what) == ""
  reaper.SetExtState(SECTION, "told " .. what, "yes", false)
  return first
end

--- Return the MIDI note of a label: the user's own, else the General MIDI one.
function settings.note(label)
  return settings.value("notes")[label] or labels.by_name[label].note
end

return settings
