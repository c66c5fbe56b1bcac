-- A small window that shows how far the work is; Esc or closing it cancels.
--
-- Conventions: it opens only when the work takes longer than OPEN_AFTER_S, so short work shows nothing.

local window = {}
local OPEN_AFTER_S = 0.4
local ESCAPE, CLOSED = 27, -1

local open, since_s = false, nil

--- Show a title, a line of text and a bar; return whether the user has had enough.
function window.show(title, text, fraction)
  since_s = since_s or reaper.time_precise()
  if not open then
    if reaper.time_precise() - since_s < OPEN_AFTER_S then return false end
    gfx.init("drumbridge: " .. title, 380, 84)
    gfx.setfont(1, "Arial", 15)
    open = true
  end
  local key = gfx.getchar()
  gfx.set(0.16, 0.17, 0.19)
  gfx.rect(0, 0, gfx.w, gfx.h, 1)
  gfx.set(0.30, 0.32, 0.35)
  gfx.rect(16, 40, gfx.w - 32, 10, 1)
  gfx.set(0.24, 0.48, 0.98)
  gfx.rect(16, 40, (gfx.w - 32) * math.max(0, math.min(1, fraction)), 10, 1)
  gfx.set(0.92, 0.92, 0.92)
  gfx.x, gfx.y = 16, 14
  gfx.drawstr(text)
  gfx.set(0.6, 0.6, 0.6)
  gfx.x, gfx.y = 16, 58
  gfx.drawstr("Esc cancels")
  gfx.update()
  return key == ESCAPE or key == CLOSED
end

function window.close()
  if open then gfx.quit() end
  open, since_s = false, nil
end

return window
