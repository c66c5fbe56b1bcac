-- What was heard, in the words of an item: labels by confidence, colours, names, and when in the item.
--
-- Conventions: "unsure" and "drums" (several of them) stand beside the labels. A hit has `at` (item time, seconds),
-- `velocity` and `labels`, the strongest first; a hit without labels is unsure. Labels below the user's minimum
-- confidence are left out.

local labels = require("labels")
local settings = require("settings")

local hits = {}

local OTHERS = { unsure = labels.unsure_colour, drums = labels.several_colour }
local ONE_DRUM_SHARE = 0.75 -- so much of what sounds in an item makes it that drum

--- Return the native colour of a label, as REAPER wants it in I_CUSTOMCOLOR.
function hits.colour(label)
  local rgb = OTHERS[label] or labels.by_name[label].colour
  return reaper.ColorToNative(rgb >> 16, rgb >> 8 & 255, rgb & 255) | 0x1000000
end

--- Return a label as people read it.
function hits.shown(label) return (label:gsub("_", " ")) end

local function is_known(label) return labels.by_name[label] ~= nil end

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

--- Return the one label that three quarters of some hits have, each counting as much as its velocity; else "drums".
local function verdict(heard)
  local weight, total = {}, 0
  for _, hit in ipairs(heard) do
    local label = hits.label({ labels = ranked(hit.labels) })
    weight[label] = (weight[label] or 0) + hit.velocity
    total = total + hit.velocity
  end
  for label, share in pairs(weight) do if share >= ONE_DRUM_SHARE * total then return label end end
  return "drums"
end

--- Return whether the hits of a take tell what it is: several, or any where a one-shot begins too late to be one.
function hits.tell(request)
  local n = request.hearing and #request.hearing.hits or 0
  return n > 1 or n == 1 and request.fail ~= nil
end

--- Return what a classified take is, {take, label}. One in which several hits were heard is what most of them are.
function hits.of_sound(request)
  local label = request.label
  if hits.tell(request) then
    label = verdict(request.hearing.hits)
  elseif not is_known(label) or 100 * request.confidence < settings.value("minimum") then
    label = "unsure"
  end
  return { take = request.take, label = label }
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
