-- Asks the drumbridge program: questions in one file, answers in another, which grows and is read as it does.
--
-- Conventions: `drumbridge batch QUESTIONS --to ANSWERS` runs in the background. It says that it is ready before it
-- loads anything, and ends when the questions are taken away. See docs/cli.md for the lines of both files.

local failure = require("failure")
local json = require("json")
local program = require("program")
local settings = require("settings")
local temporary = require("temporary")

local program_transport = {}
program_transport.__index = program_transport

local READY_WITHIN_S = 30 -- a cold start of Python from a slow disk
local SILENT_AT_MOST_S = 60 -- it tells how far it is every second

local function question(request)
  if request.kind == "osc" then
    return json.encode({ osc = "/drumbridge/" .. request.name, arguments = request.arguments })
  end
  if request.kind == "classify" then return json.encode({ classify = request.path }) end
  return json.encode({ transcribe = request.path, start_s = request.start_s, end_s = request.end_s })
end

local function write(path, text)
  local file = io.open(path, "wb")
  if not file or not file:write(text) or not file:close() then failure.raise("not_written", path) end
end

--- Find and start the program for a list of requests, which get their answers from `poll`.
function program_transport.open(requests)
  local command = program.find()
  local self = setmetatable({
    command = command, requests = requests, at = 0, rest = "", ready = false, heard_s = reaper.time_precise(),
    questions = temporary.path("questions.jsonl"), answers = temporary.path("answers.jsonl"),
  }, program_transport)
  local lines = {}
  for k, request in ipairs(requests) do lines[k] = question(request) .. "\n" end
  write(self.questions, table.concat(lines))
  program.start(command, "batch", self.questions, "--to", self.answers,
    "--port", tostring(settings.value("port")))
  return self
end

function program_transport:_take(line)
  local answer = json.decode(line)
  if answer.ready then self.ready = true return end
  local request = self.requests[answer.request and answer.request + 1]
  if not request then
    if answer.fail then failure.raise("failed", "anything", answer.message) end
    return -- the line that ends the answers
  end
  if answer.fail then request.fail, request.code, request.done = answer.message, answer.fail, true
  elseif answer.hit then request.hits[#request.hits + 1] = answer.hit
  elseif answer.progress then request.progress = answer.progress
  elseif answer.label then
    request.label = answer.unsure and "unsure" or answer.label
    request.confidence, request.done = answer.confidence, true
  elseif answer.reply then request.replies[#request.replies + 1] = answer.reply
  elseif answer.done then request.done = true
  end
end

--- Read what has been answered since.
function program_transport:poll()
  local now_s = reaper.time_precise()
  local file = io.open(self.answers, "rb")
  if file then
    file:seek("set", self.at)
    local bytes = file:read("a") or ""
    file:close()
    self.at = self.at + #bytes
    if #bytes > 0 then self.heard_s = now_s end
    self.rest = self.rest .. bytes
    local stop = 1
    for line, after in self.rest:gmatch("([^\n]*)\n()") do
      self:_take(line)
      stop = after
    end
    self.rest = self.rest:sub(stop)
  end
  local patience_s = self.ready and SILENT_AT_MOST_S or READY_WITHIN_S
  if now_s - self.heard_s > patience_s then failure.raise("program_silent", patience_s, program.shown(self.command)) end
end

--- End the program, wherever it is.
function program_transport:close()
  temporary.remove(self.questions)
  temporary.remove(self.answers)
end

return program_transport
