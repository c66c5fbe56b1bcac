-- A change of the project as one step: one undo point, and the screen drawn once.
--
-- Conventions: whatever happens inside, the undo block is ended and the refreshing of the screen let go again.

local change = {}

--- Do `work` as one undo point with a name; an error in it is raised again once all is balanced.
function change.once(project, title, work)
  reaper.Undo_BeginBlock2(project)
  reaper.PreventUIRefresh(1)
  local ok, why = xpcall(work, function(reason)
    return type(reason) == "table" and reason or debug.traceback(tostring(reason), 2)
  end)
  reaper.PreventUIRefresh(-1)
  reaper.TrackList_AdjustWindows(false)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock2(project, "drumbridge: " .. title, -1)
  if not ok then error(why, 0) end
end

return change
