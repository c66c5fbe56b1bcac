-- Temporary files: where they are put, and that they are gone when the script ends, however it ends.
--
-- Conventions: files, no folder, because Lua cannot remove a folder on Windows. A name is plain ASCII without
-- spaces, so no program on the way can misread it.

local temporary = {}
local made = {}

local function folder()
  for _, name in ipairs({ "TMPDIR", "TEMP", "TMP" }) do
    local found = os.getenv(name)
    -- What Windows says of a user whose name is not ASCII is not UTF-8, which REAPER needs.
    if found and found ~= "" and not found:find("[^\32-\126]") and not found:find('"') then
      return (found:gsub("[/\\]+$", ""))
    end
  end
  if reaper.GetOS():find("^Win") then return reaper.GetResourcePath() end
  return "/tmp"
end

local prefix

--- Return the path of a temporary file that ends in `name`; it is removed by `temporary.remove_all`.
function temporary.path(name)
  prefix = prefix or folder() .. package.config:sub(1, 1) .. "drumbridge-" .. reaper.genGuid():gsub("[^%w]", "")
  local path = prefix .. "-" .. name
  made[path] = true
  return path
end

--- Remove one temporary file; it is no error if it is not there.
function temporary.remove(path)
  if os.remove(path) or not reaper.file_exists(path) then made[path] = nil end
end

--- Remove all that are left.
function temporary.remove_all()
  for path in pairs(made) do os.remove(path) end
end

return temporary
