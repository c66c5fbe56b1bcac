-- The table of labels: name, General MIDI note and colour (0xRRGGBB), in the order in which people see them.
-- Written by build.py from drumbridge/core/labels.py; do not edit.

local labels = { unsure_colour = 0x5A5F66, several_colour = 0xE6E6E6, by_name = {} }

labels.list = {
  { name = "kick", note = 36, colour = 0xE5484D },
  { name = "snare", note = 38, colour = 0x3E7BFA },
  { name = "rim", note = 37, colour = 0x6FA3FF },
  { name = "clap", note = 39, colour = 0xB15CFF },
  { name = "snap", note = 26, colour = 0xC98BFF },
  { name = "closed_hat", note = 42, colour = 0xFFC53D },
  { name = "pedal_hat", note = 44, colour = 0xFFD978 },
  { name = "open_hat", note = 46, colour = 0xFF9F1A },
  { name = "tom_low", note = 41, colour = 0x1F9D61 },
  { name = "tom_mid", note = 47, colour = 0x30C27C },
  { name = "tom_high", note = 50, colour = 0x6FE0A8 },
  { name = "tom", note = 45, colour = 0x4FCF90 },
  { name = "crash", note = 49, colour = 0x00B5D8 },
  { name = "splash", note = 55, colour = 0x4CCFE6 },
  { name = "china", note = 52, colour = 0x2AA3B8 },
  { name = "cymbal", note = 57, colour = 0x7FDDF0 },
  { name = "ride", note = 51, colour = 0x5B8C9E },
  { name = "ride_bell", note = 53, colour = 0x86AFBE },
  { name = "cowbell", note = 56, colour = 0xB8793E },
  { name = "conga", note = 63, colour = 0xC98A4B },
  { name = "bongo", note = 60, colour = 0xD79B5C },
  { name = "timbale", note = 65, colour = 0xA66A33 },
  { name = "tambourine", note = 54, colour = 0xE0B07A },
  { name = "shaker", note = 82, colour = 0xE8C49A },
  { name = "clave", note = 75, colour = 0x9B6A3A },
  { name = "triangle", note = 81, colour = 0xD9C2A0 },
  { name = "percussion", note = 76, colour = 0xC08A5A },
  { name = "other", note = 27, colour = 0x8A8F98 },
}

for index, row in ipairs(labels.list) do
  row.index = index
  labels.by_name[row.name] = row
end

return labels
