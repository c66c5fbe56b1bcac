-- Every sentence that the scripts can say in a box; docs/reaper.md explains each of them.
--
-- Conventions: %s stands for what the sentence is about. The text before the first line break says what is wrong,
-- the rest says what to do.

return {
  nothing_selected = "No item is selected.\nSelect one or more audio items, then run the action again.",
  no_items = "This project has no items.",
  no_audio = "There is no audio to listen to.\nMIDI items and empty items were left alone: %s.",
  offline = "The media of %s cannot be read.\nIs the file missing, on a drive that is not connected, or set offline?",
  no_program = "drumbridge was not found.\n"
    .. "Install it, or say where it is with the action \"drumbridge: Settings\". Looked for: %s.",
  program_silent = "drumbridge was started but did not answer within %s seconds.\n"
    .. "Run this in a terminal and see what it says: %s doctor",
  program_failed = "drumbridge could not be started.\nRun this in a terminal and see what it says: %s doctor",
  no_server = "drumbridge serve does not answer on port %s.\n"
    .. "Start it in a terminal (drumbridge serve), or set its port with the action \"drumbridge: Settings\".",
  not_live = "drumbridge cannot listen live.\n%s",
  live_on = "drumbridge listens to ReaStream now.\nOn the track with the drums: ReaStream, send to 127.0.0.1. "
    .. "For notes: an OSC control surface that listens on port %s, and a track with the virtual MIDI keyboard as "
    .. "input.",
  server_left = "drumbridge went away in the middle of its work.\n"
    .. "Nothing was changed. Run the action again; if this comes back, look at what drumbridge serve prints.",
  failed = "drumbridge could not listen to %s.\n%s",
  changed = "%s was changed, moved to another take or deleted while drumbridge was listening.\n"
    .. "It was left as it is. Run the action again.",
  project_changed = "Another project is in front now.\n"
    .. "Nothing was changed. Go back to the first one and run the action again.",
  no_hits = "No drum was heard in %s.",
  no_note = "%s hits are unsure and got no note.\nThe action \"Take markers at hits\" shows where they are.",
  coloured = "%s items were coloured.\n%s.",
  unreadable = "The audio of %s could not be read from REAPER.\nIs its media online?",
  not_written = "The temporary file %s could not be written.\nIs the disk full, or the folder read-only?",
  bad_setting = "%s is no value for \"%s\".\nNothing was kept.",
  bug = "The script made a mistake.\nNothing else was changed, and Undo takes back what was. Please report this: %s",
}
