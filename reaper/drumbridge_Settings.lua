-- @noindex
-- Asks where drumbridge is, on which port it serves, how sure it has to be, and which notes the MIDI items use.
package.path = debug.getinfo(1, "S").source:match("^@?(.*[\\/])") .. "lib/?.lua;" .. package.path

local failure = require("failure")
local settings = require("settings")

local titles, values = {}, {}
for k, row in ipairs(settings.rows) do
  titles[k] = row.title
  values[k] = settings.text(row.key)
end
-- A bar between the values, since a path may hold a comma.
local ok, answer = reaper.GetUserInputs("drumbridge: Settings", #titles,
  table.concat(titles, ",") .. ",extrawidth=240,separator=|", table.concat(values, "|"))
if ok then
  local given = {}
  for value in (answer .. "|"):gmatch("([^|]*)|") do given[#given + 1] = value:match("^%s*(.-)%s*$") end
  for k, row in ipairs(settings.rows) do
    given[k] = given[k] or ""
    if given[k] ~= "" and row.check(given[k]) == nil then
      reaper.MB(failure.text("bad_setting", given[k], row.title), "drumbridge", 0)
      return
    end
  end
  for k, row in ipairs(settings.rows) do settings.keep(row.key, given[k]) end
end
