-- The socket module for REAPER's Lua, where the user has it: "Mavriq Lua Sockets" from ReaPack.
--
-- Conventions: an ordinary LuaSocket cannot be loaded by REAPER, so only that package's folder is looked at. It
-- offers `require("socket.core")`, with the calls of LuaSocket.

local sockets = {}

--- Return the module socket.core, or nil where it is not installed.
function sockets.core()
  local folder = reaper.GetResourcePath() .. "/Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/"
  local before = package.cpath
  package.cpath = folder .. "?.dll;" .. folder .. "?.so"
  local found, core = pcall(require, "socket.core")
  package.cpath = before
  return found and core or nil
end

return sockets
