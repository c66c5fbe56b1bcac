-- JSON: what the settings and the answers of the drumbridge program are written in.
--
-- Conventions: objects are tables with string keys, arrays are tables 1..n; null is json.null in an array or
-- object that is read. Numbers keep 17 digits. A text that is no JSON raises an error with its position.

local json = { null = setmetatable({}, { __tostring = function() return "null" end }) }

local SHORT = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local LONG = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\" }

local function encode_string(text)
  return '"' .. text:gsub('[%c"\\\127]', function(c) return LONG[c] or string.format("\\u%04x", c:byte()) end) .. '"'
end

local function encode_number(number)
  if number ~= number or number == math.huge or number == -math.huge then error("JSON has no " .. tostring(number)) end
  if math.type(number) == "integer" then return tostring(number) end
  return (string.format("%.17g", number):gsub(",", ".")) -- a decimal comma is what some locales write
end

--- Return a value as JSON; the keys of an object are sorted, so that equal values give equal texts.
function json.encode(value)
  local kind = type(value)
  if value == nil or value == json.null then return "null" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return encode_number(value) end
  if kind == "string" then return encode_string(value) end
  if kind ~= "table" then error("a " .. kind .. " cannot be written as JSON") end
  local parts = {}
  if #value > 0 or next(value) == nil then
    for k, entry in ipairs(value) do parts[k] = json.encode(entry) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for k, key in ipairs(keys) do parts[k] = encode_string(key) .. ":" .. json.encode(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local decode_value

local function fail(text, at, wanted)
  error(string.format("no JSON: %s expected at byte %d of %q", wanted, at, text:sub(1, 60)), 0)
end

local function skip(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local function utf16(text, at)
  local high = tonumber(text:match("^%x%x%x%x", at) or fail(text, at, "four hex digits"), 16)
  if high < 0xD800 or high > 0xDBFF then return high, at + 4 end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 4) or "0", 16)
  if low < 0xDC00 or low > 0xDFFF then return 0xFFFD, at + 4 end
  return 0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00, at + 10
end

local function decode_string(text, at)
  local parts = {}
  while true do
    local stop = text:find('["\\]', at) or fail(text, at, "the end of a string")
    parts[#parts + 1] = text:sub(at, stop - 1)
    if text:byte(stop) == 34 then return table.concat(parts), stop + 1 end
    local letter = text:sub(stop + 1, stop + 1)
    if letter == "u" then
      local code
      code, at = utf16(text, stop + 2)
      parts[#parts + 1] = utf8.char(code)
    else
      parts[#parts + 1] = SHORT[letter] or fail(text, stop, "an escape")
      at = stop + 2
    end
  end
end

local function decode_list(text, at, close, decode_entry)
  at = skip(text, at)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = skip(text, decode_entry(at))
    local mark = text:sub(at, at)
    if mark == close then return at + 1 end
    if mark ~= "," then fail(text, at, "a comma or " .. close) end
    at = skip(text, at + 1)
  end
end

local function decode_object(text, at)
  local object = {}
  local stop = decode_list(text, at, "}", function(from)
    if text:sub(from, from) ~= '"' then fail(text, from, "a key") end
    local key, after = decode_string(text, from + 1)
    after = skip(text, after)
    if text:sub(after, after) ~= ":" then fail(text, after, "a colon") end
    object[key], after = decode_value(text, skip(text, after + 1))
    return after
  end)
  return object, stop
end

local function decode_array(text, at)
  local array = {}
  local stop = decode_list(text, at, "]", function(from)
    local value, after = decode_value(text, from)
    array[#array + 1] = value
    return after
  end)
  return array, stop
end

local WORDS = { t = { "true", true }, f = { "false", false }, n = { "null", json.null } }

function decode_value(text, at)
  local first = text:sub(at, at)
  if first == "{" then return decode_object(text, at + 1) end
  if first == "[" then return decode_array(text, at + 1) end
  if first == '"' then return decode_string(text, at + 1) end
  local word = WORDS[first]
  if word and text:sub(at, at + #word[1] - 1) == word[1] then return word[2], at + #word[1] end
  local digits = text:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local number = digits and tonumber(digits) or fail(text, at, "a value")
  return number, at + #digits
end

--- Return the value that a JSON text stands for.
function json.decode(text)
  local value, at = decode_value(text, skip(text, 1))
  at = skip(text, at)
  if at <= #text then fail(text, at, "the end") end
  return value
end

return json
