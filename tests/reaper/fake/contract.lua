-- Holds a table of functions to what REAPER documents: names, number and types of arguments, names of parameters.
--
-- Conventions: the contract is contract.json, facts about REAPER's API and nothing of ours. A call that breaks it
-- raises an error, as REAPER does; so does an implementation here that returns what REAPER would not.

local contract = {}

local function is_integer(value) return type(value) == "number" and math.tointeger(value) ~= nil end

local function knows_parameter(names, value)
  if type(value) ~= "string" then return false end
  for _, name in ipairs(names) do
    if value == name then return true end
    local stem = name:match("^(P_EXT:)")
    if stem and value:find(stem, 1, true) == 1 and #value > #stem then return true end
  end
  return false
end

local function fits(value, kind, facts, kind_of)
  if kind == "integer" then return is_integer(value) end
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "function" then return type(value) == kind end
  if kind == "userdata" then return kind_of(value) ~= nil end
  if facts.parameter_names[kind] then return knows_parameter(facts.parameter_names[kind], value) end
  for one in kind:gmatch("[^|]+") do
    if one == "nil" and value == nil or one == "0" and value == 0 or kind_of(value) == one then return true end
  end
  return false
end

local function is_optional(name, kind) return name:sub(-1) == "?" or kind:sub(-1) == "?" end

--- Return `implementation` behind a check of every call; `kind_of(value)` tells what a pointer points to.
function contract.check(name, facts, implementation, kind_of, called)
  local entry = facts.functions[name] or error("REAPER has no function " .. name)
  return function(...)
    local given = select("#", ...)
    if given > #entry.params then error(("%s takes %d arguments, got %d"):format(name, #entry.params, given), 2) end
    for k, param in ipairs(entry.params) do
      local value = (select(k, ...))
      local optional = is_optional(param[1], param[2])
      if value == nil and (optional or param[2]:find("nil", 1, true) and k <= given) then goto fine end
      if not fits(value, (param[2]:gsub("%?$", "")), facts, kind_of) then
        error(("%s: argument %d (%s) is no %s but %s"):format(name, k, param[1], param[2], tostring(value)), 2)
      end
      ::fine::
    end
    called(name, ...)
    local results = table.pack(implementation(...))
    assert(results.n <= #entry.returns, name .. " returns too much")
    for k, wanted in ipairs(entry.returns) do
      local value = results[k]
      local pointer = wanted[1]:match("^%u") ~= nil -- nil is REAPER's null pointer
      if not (value == nil and (pointer or k > 1 or name == "ExecProcess")) then
        assert(fits(value, (wanted[1]:gsub("%?$", "")), facts, kind_of), name .. " returns a wrong " .. wanted[2])
      end
    end
    return table.unpack(results, 1, results.n)
  end
end

return contract
