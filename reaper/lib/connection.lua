-- A connection to `drumbridge serve` over TCP that never waits: messages go out and come in while it is polled.
--
-- Conventions: OSC 1.0 framing. `receive` returns messages as {address, values}; what cannot be sent at once is kept.

local osc = require("osc")
local sockets = require("sockets")

local connection = {}
connection.__index = connection

local CONNECT_WITHIN_S = 0.25 -- on this machine; Windows takes its time to say that nobody is there
local PIECE = 65536

--- Connect to the port on this machine; nil without the socket module or without a server.
function connection.open(port)
  local core = sockets.core()
  if not core then return nil end
  local tcp = core.tcp()
  tcp:settimeout(CONNECT_WITHIN_S)
  if not tcp:connect("127.0.0.1", port) then
    tcp:close()
    return nil
  end
  tcp:settimeout(0)
  return setmetatable({ tcp = tcp, to_send = "", received = "", req = 0 }, connection)
end

--- Send a request; return the req that its answers will carry.
function connection:request(name, tags, ...)
  self.req = self.req + 1
  self.to_send = self.to_send .. osc.encode("/drumbridge/" .. name, "i" .. tags, self.req, ...)
  return self.req
end

function connection:_send()
  if self.to_send == "" then return true end
  local last, why, partly = self.tcp:send(self.to_send)
  self.to_send = self.to_send:sub((last or partly or 0) + 1)
  return last ~= nil or why == "timeout"
end

--- Send what waits and return the messages that have come, and whether the connection still stands.
function connection:poll()
  local open = self:_send()
  local pieces = { self.received }
  while open do
    local piece, why, partly = self.tcp:receive(PIECE)
    pieces[#pieces + 1] = piece or partly
    if not piece then
      open = why == "timeout"
      break
    end
  end
  local packets
  packets, self.received = osc.take_packets(table.concat(pieces))
  local messages = {}
  for k, packet in ipairs(packets) do messages[k] = { osc.decode(packet) } end
  return messages, open
end

function connection:close() self.tcp:close() end

return connection
