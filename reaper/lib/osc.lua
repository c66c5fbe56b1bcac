-- OSC 1.0: messages to bytes and back, and the length that each has before it in a TCP stream. No socket.
--
-- Conventions: a message is an address and its values. Encoding takes a string of type tags, since a Lua number
-- does not say whether it is meant as an int or a float; the types are those of the drumbridge protocol: i, f, s.

local osc = {}

local function padded(text) return text .. ("\0"):rep(4 - #text % 4) end

--- Return a message as it goes into a TCP stream: its length as an int32, then the packet.
function osc.encode(address, tags, ...)
  local values = { ... }
  assert(#values == #tags, "as many values as tags")
  local parts = { padded(address), padded("," .. tags) }
  for k, value in ipairs(values) do
    local tag = tags:sub(k, k)
    if tag == "s" then parts[#parts + 1] = padded(value)
    elseif tag == "i" then parts[#parts + 1] = string.pack(">i4", value)
    else parts[#parts + 1] = string.pack(">f", value) end
  end
  return string.pack(">s4", table.concat(parts))
end

local function text_at(packet, at)
  local stop = packet:find("\0", at, true) or error("an OSC string without an end", 0)
  return packet:sub(at, stop - 1), at + (stop - at) // 4 * 4 + 4
end

--- Return the address and the list of values of a packet.
function osc.decode(packet)
  local address, at = text_at(packet, 1)
  local tags
  tags, at = text_at(packet, at)
  local values = {}
  for tag in tags:sub(2):gmatch(".") do
    local value
    if tag == "s" then value, at = text_at(packet, at)
    elseif tag == "i" then value, at = string.unpack(">i4", packet, at)
    elseif tag == "f" then value, at = string.unpack(">f", packet, at)
    else error("an OSC type that drumbridge does not send: " .. tag, 0) end
    values[#values + 1] = value
  end
  return address, values
end

--- Take whole packets off the start of what a TCP stream has brought; return them and what is left.
function osc.take_packets(bytes)
  local packets, at = {}, 1
  while #bytes - at >= 3 do
    local length = string.unpack(">I4", bytes, at)
    if #bytes - at - 3 < length then break end
    packets[#packets + 1] = bytes:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
  return packets, bytes:sub(at)
end

return osc
