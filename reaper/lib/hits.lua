-- What was heard, in the words of an item: labels by confidence, colours, names, and when in the item.
--
-- Conventions: a hit has `at` (item time, seconds), `velocity` and `labels`, the strongest first; a hit without labels
-- is unsure. Labels below the user's minimum confidence are left out.

local labels = require("labels")
local settings = require("settings")

local hits = {}

--- Return the native colour of a label, as REAPER wants it in I_CUSTOMCOLOR.
function hits.colour(label)
  local rgb = label == "unsure" and labels.unsure_colour or labels.by_name[label].colour
  return reaper.ColorToNative(rgb >> 16, rgb >> 8 & 255, rgb & 255) | 0x1000000
end

--- Return a label as people read it.
function hits.shown(label) return (label:gsub("_", " ")) end

local function is_known(label) return labels.by_name[label] ~= nil end

--- Return what a classified take is: {take, label, confidence}.
function hits.of_one_shot(request)
  local label = request.label
  if not is_known(label) or 100 * request.confidence < settings.value("minimum") then label = "unsure" end
  return { take = request.take, label = label, confidence = request.confidence }
end

local function ranked(confidences)
  local minimum, list = settings.value("minimum") / 100, {}
  for label, confidence in pairs(confidences) do
    if is_known(label) and confidence >= minimum then list[#list + 1] = { label = label, confidence = confidence } end
  end
  table.sort(list, function(a, b)
    if a.confidence ~= b.confidence then return a.confidence > b.confidence end
    return labels.by_name[a.label].index < labels.by_name[b.label].index
  end)
  return list
end

--- Return the hits of a transcribed take in order of their time in the item.
function hits.of_take(request)
  local heard = {}
  for _, hit in ipairs(request.hits) do
    for _, at in ipairs(request.take:item_times(hit.position_s)) do
      heard[#heard + 1] = { at = at, velocity = hit.velocity, labels = ranked(hit.labels) }
    end
  end
  table.sort(heard, function(a, b) return a.at < b.at end)
  return heard
end

--- Return the strongest label of a hit.
function hits.label(hit) return hit.labels[1] and hit.labels[1].label or "unsure" end

--- Return a hit as a marker says it: "kick + closed hat 97%", or "unsure".
function hits.title(hit)
  if not hit.labels[1] then return "unsure" end
  local names = {}
  for k, entry in ipairs(hit.labels) do names[k] = hits.shown(entry.label) end
  return string.format("%s %d%%", table.concat(names, " + "), math.floor(100 * hit.labels[1].confidence + 0.5))
end

--- Return whether a marker says what `title` would: then it is one of ours.
function hits.is_title(text)
  if text == "unsure" then return true end
  local names = text:match("^(.*) %d+%%$")
  if not names then return false end
  for name in (names .. " + "):gmatch("(.-) %+ ") do
    if not is_known((name:gsub(" ", "_"))) then return false end
  end
  return true
end

return hits
