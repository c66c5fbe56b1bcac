-- Opaque pointers: MediaItem, MediaItem_Take, MediaTrack ... as scripts see them, and what is behind each.
--
-- Conventions: a script can keep and compare a pointer and hand it back; to look into it is an error. The pointer of
-- something that was deleted is known to be stale, and every call but ValidatePtr2 refuses it, as REAPER does.

local pointers = {}

local behind, kinds, live = {}, {}, {}

local sealed = {
  __index = function() error("a pointer has no fields", 2) end,
  __newindex = function() error("a pointer has no fields", 2) end,
}

--- Make the pointer of an object; the object keeps it in its field `pointer`.
function pointers.make(kind, object)
  local pointer = setmetatable({}, sealed)
  behind[pointer], kinds[pointer], live[pointer] = object, kind, true
  object.pointer = pointer
  return object
end

--- Return the object behind a pointer that is still valid.
function pointers.get(pointer)
  if not live[pointer] then error("a pointer to something that is gone was used", 3) end
  return behind[pointer]
end

function pointers.kind(value) return type(value) == "table" and kinds[value] or nil end

function pointers.is_live(pointer) return live[pointer] == true end

function pointers.kill(object) live[object.pointer] = nil end

return pointers
