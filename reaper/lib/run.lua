-- The life of an action: what is selected, what has to be listened to, the waiting, and the change at its end.
--
-- Conventions: an action runs as a coroutine that REAPER resumes about 30 times a second, so it reads from top to
-- bottom and never holds REAPER up. Nothing is changed before every answer is there; then all of it in one undo point.
-- An item that is not what it was by then is left alone, and said so.

local change = require("change")
local export = require("export")
local failure = require("failure")
local hits = require("hits")
local program_transport = require("program_transport")
local settings = require("settings")
local socket_transport = require("socket_transport")
local take = require("take")
local temporary = require("temporary")
local window = require("window")

local run = {}

local ONE_SHOT_S = 20 -- no more of a one-shot is listened to
local SHOWN = 5 -- reasons in one box

local function items_of(project, what)
  local items, others, n = {}, 0, reaper.CountMediaItems(project)
  if what == "project" and n == 0 then failure.raise("no_items") end
  local any = false
  for k = 0, n - 1 do
    local item = reaper.GetMediaItem(project, k)
    if what == "project" or reaper.IsMediaItemSelected(item) then
      any = true
      if take.is_audio(item) then items[#items + 1] = item else others = others + 1 end
    end
  end
  if not any then failure.raise("nothing_selected") end
  if #items == 0 then failure.raise("no_audio", others) end
  return items
end

--- Make the request for a take, writing it to a file first where it has to be.
local function request_for(what, kind, index, wait, at_end)
  local request = { kind = kind, take = what, hits = {}, progress = 0 }
  if not what:is_online() then
    request.fail, request.done = failure.text("offline", what:called()), true
  elseif kind == "classify" and what:is_whole_file(ONE_SHOT_S) or kind == "transcribe" and what.exact then
    request.path = what.path
    request.start_s, request.end_s = what:file_range()
    if not request.start_s then request.done = true end -- the item lies outside its source: nothing sounds
  else
    local path = temporary.path("item" .. index .. ".wav")
    what.exact = false
    local ok, why = pcall(export.write, what, path, kind == "classify" and ONE_SHOT_S or math.huge, wait, at_end)
    if ok then request.path, request.start_s = path, 0
    elseif type(why) == "table" and why.of_item then request.fail, request.done = why.text, true
    else error(why, 0) end
  end
  return request
end

local function answered(requests)
  local sum, all = 0, true
  for _, request in ipairs(requests) do
    sum = sum + (request.done and 1 or request.progress)
    all = all and request.done
  end
  return all, sum / #requests
end

local function listen(requests, wait, at_end)
  local asked = {}
  for _, request in ipairs(requests) do if not request.done then asked[#asked + 1] = request end end
  if #asked == 0 then return end
  local transport = socket_transport.open(asked, settings.value("port"), function() wait("asking", 0) end)
    or program_transport.open(asked)
  at_end(function() transport:close() end)
  local doing = "listening to " .. #asked .. (#asked == 1 and " item" or " items")
  if asked[1].kind == "osc" then doing = "asking drumbridge serve" end
  while true do
    transport:poll()
    local all, fraction = answered(asked)
    if all then break end
    wait(doing, fraction)
  end
  transport:close()
end

local function complain(reasons)
  if #reasons == 0 then return end
  local shown = table.concat(reasons, "\n\n", 1, math.min(SHOWN, #reasons))
  if #reasons > SHOWN then shown = shown .. "\n\n... and " .. #reasons - SHOWN .. " more." end
  reaper.MB(shown, "drumbridge", 0)
end

--- Return what was found in each take that is still what it was, and the reasons why others have nothing.
local function results(requests)
  local found, reasons = {}, {}
  for _, request in ipairs(requests) do
    local what = request.take
    if request.fail then
      local ours = request.path == nil -- it was never asked
      reasons[#reasons + 1] = ours and request.fail or failure.text("failed", what:called(), request.fail)
    elseif not what:is_unchanged() then
      reasons[#reasons + 1] = failure.text("changed", what:called())
    elseif request.kind == "classify" then
      found[#found + 1] = hits.of_one_shot(request)
    else
      local heard = hits.of_take(request)
      if #heard == 0 then reasons[#reasons + 1] = failure.text("no_hits", what:called()) end
      if #heard > 0 then found[#found + 1] = { take = what, hits = heard } end
    end
  end
  return found, reasons
end

local function body(action, wait, at_end)
  local project = reaper.EnumProjects(-1)
  local requests = {}
  local items = items_of(project, action.of)
  for k, item in ipairs(items) do
    if not reaper.ValidatePtr2(project, item, "MediaItem*") then goto gone end -- while others were written
    requests[#requests + 1] = request_for(take.of(project, item), action.ask, k, function(fraction)
      wait("reading item " .. k .. " of " .. #items, (k - 1 + fraction) / #items)
    end, at_end)
    ::gone::
  end
  listen(requests, wait, at_end)
  if reaper.EnumProjects(-1) ~= project then failure.raise("project_changed") end
  local found, reasons = results(requests)
  local say
  if #found > 0 then
    change.once(project, action.title, function() say = action.apply(found, project) end)
  end
  if say then table.insert(reasons, 1, say) end
  complain(reasons)
end

--- Run `work(wait, at_end)` as a coroutine that REAPER resumes: `wait(text, fraction)` gives REAPER its turn and shows
--- the window, `at_end(ending)` keeps what must be done however it ends.
function run.in_background(title, work)
  local endings = {}
  local function at_end(ending) endings[#endings + 1] = ending end
  local function clean_up()
    for k = #endings, 1, -1 do
      endings[k]()
      endings[k] = nil
    end
    temporary.remove_all()
    window.close()
  end
  local function wait(text, fraction)
    if window.show(title, text, fraction) then error(failure.CANCELLED) end
    coroutine.yield()
  end
  local thread = coroutine.create(function()
    return xpcall(work, function(reason)
      return type(reason) == "table" and reason or debug.traceback(tostring(reason), 2)
    end, wait, at_end)
  end)
  local function tick()
    local resumed, ok, why = coroutine.resume(thread)
    if coroutine.status(thread) ~= "dead" then reaper.defer(tick) return end
    clean_up()
    if not resumed then ok, why = false, ok end
    if ok or why == failure.CANCELLED then return end
    reaper.MB(type(why) == "table" and why.text or failure.text("bug", why), "drumbridge", 0)
  end
  reaper.atexit(clean_up)
  tick()
end

--- Run an action: {title, of = "selected" or "project", ask = "classify" or "transcribe", apply = function(found,
--- project)}, where apply changes the project and may return a sentence to show.
function run.action(action)
  run.in_background(action.title, function(wait, at_end) body(action, wait, at_end) end)
end

--- Ask drumbridge a list of requests, and return when each has its answer.
run.listen = listen

return run
