-- Asks `drumbridge serve` over a socket: answers come within milliseconds, since its model is loaded already.
--
-- Conventions: at most IN_FLIGHT requests are out at once (the server queues 64 of one client). To close is to
-- cancel: the server ends the jobs of a connection that is gone.

local connection = require("connection")
local failure = require("failure")

local socket_transport = {}
socket_transport.__index = socket_transport

local IN_FLIGHT = 32
local ANSWER_WITHIN_S = 3
local END_OF_FILE_S = 1e9 -- a part without an end

--- Connect for a list of requests; nil when nothing that speaks our protocol answers on the port.
function socket_transport.open(requests, port, wait)
  local link = connection.open(port)
  if not link then return nil end
  link:request("hello", "is", 0, "REAPER")
  local until_s = reaper.time_precise() + ANSWER_WITHIN_S
  repeat
    local messages, open = link:poll()
    if messages[1] and messages[1][1] == "/drumbridge/done" then
      return setmetatable({ link = link, requests = requests, next = 1, of_req = {}, in_flight = 0 }, socket_transport)
    end
    if messages[1] or not open then break end
    wait()
  until reaper.time_precise() > until_s
  link:close()
  return nil
end

function socket_transport:_ask()
  while self.in_flight < IN_FLIGHT and self.requests[self.next] do
    local request, req = self.requests[self.next], nil
    if request.kind == "osc" then
      req = self.link:request(request.name, request.tags, table.unpack(request.arguments))
    elseif request.kind == "classify" then
      req = self.link:request("classify", "s", request.path)
    else
      req = self.link:request("transcribe", "sff", request.path, request.start_s, request.end_s or END_OF_FILE_S)
    end
    self.of_req[req] = request
    self.next, self.in_flight = self.next + 1, self.in_flight + 1
  end
end

local function hit_of(values)
  local hit = { position_s = values[3], velocity = values[4], labels = {} }
  for k = 5, #values, 2 do
    if values[k] ~= "unsure" then hit.labels[values[k]] = values[k + 1] end
  end
  return hit
end

function socket_transport:_take(address, values)
  local request = self.of_req[values[1]]
  if not request then return end
  local kind = address:match("^/drumbridge/(.*)$")
  if kind == "hit" then request.hits[#request.hits + 1] = hit_of(values)
  elseif kind == "progress" then request.progress = values[2] / values[3]
  elseif kind == "done" or kind == "fail" then
    if kind == "fail" then request.code, request.fail = values[2], values[3]
    elseif request.kind == "classify" then request.label, request.confidence = values[2], values[3] end
    request.done = true
    self.of_req[values[1]] = nil
    self.in_flight = self.in_flight - 1
  elseif request.kind == "osc" then
    values[1] = address
    request.replies[#request.replies + 1] = values
  end
end

--- Send what may be sent and read what has been answered since.
function socket_transport:poll()
  self:_ask()
  local messages, open = self.link:poll()
  for _, message in ipairs(messages) do self:_take(message[1], message[2]) end
  if not open then failure.raise("server_left") end
end

function socket_transport:close() self.link:close() end

return socket_transport
