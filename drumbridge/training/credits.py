"""Whom the training data is owed to: attribution of each source of one-shots and patterns.

Conventions: the key is the `source` column of the manifest; licences stand there, file by file.
"""

from __future__ import annotations

from typing import Any

CREDITS: dict[str, str] = {
    "berklee": "Tonejs/audio, efd8296360f9; OLPC Berklee Sound Library, CC-BY 3.0",
    "bespoke": "BespokeSynth/BespokeSynth, 4803cb3cc43c; BespokeSynth bundled 808kit; GPL-3.0",
    "body-perc": "sfzinstruments/body_percussion, 4ac9d8966679; sfzinstruments body percussion",
    "dough": "Bubobubobubobubo/Dough-Samples, d2c676fac09b; Dough-Samples (Topos); GPL-3.0",
    "dust": "monome/dust, 36674d9adb53; monome dust audio/common; GPL-3.0",
    "fischer808": (
        "tidalcycles/sounds-tr808-fischer, 85fbecf1bec3; Michael Fischer, Roland TR-808 sample set 1.0.0 (1994)"
    ),
    "fluid-gm": (
        "FluidR3_GM.sf2 (Debian fluid-soundfont-gm), rendered note by note; gm-melodic is 0.4 s notes of"
        " the melodic programs, label other; Frank Wen and contributors, MIT"
    ),
    "frankensnare": "sfzinstruments/karoryfer.frankensnare, 9151c2d79fcb; Karoryfer Samples - Frankensnare",
    "freepats-world": "freepats/world-percussion, e54eb2912a0d; FreePats World percussion (Xavimart recordings)",
    "garden": (
        "mot4i/garden, e1e1ad2bdb2b; Garden sample pack by Mot4i ('free to use, share, adapt, credit the source')"
    ),
    "gogodze": ("sfzinstruments/karoryfer.gogodze-phu-vol-ii, 69a0274cdc39; Karoryfer Samples - Gogodze Phu Vol II"),
    "h2-debian": (
        "Hydrogen's drum kits as Debian ships them (hydrogen-drumkits 2017.09.19, licences checked by "
        "Debian); Artemiy Pavlov, Emiliano Grilli, Marcos Guglielmetti, Jim Harney, Luc Tunguay, Glen "
        "MacArthur, Emanuel Rumpf, audiophobdubstep, Vladimir Sadovnikov, Alexander Belokurov"
    ),
    "hydrogen": (
        "hydrogen-music/hydrogen, b537b6c87fc4; Hydrogen drumkits: GMRockKit (Glen MacArthur / Sebastian"
        " Moors), TR808EmulationKit (ArtemioLabs), GMkit; GPL"
    ),
    "kathmo": "kathmo/js30, 3473cc77cf39; freesound CC0 sounds listed in drum-kit/assets/sounds/README.md",
    "lmms": "LMMS/lmms, de166c31bc3b; LMMS data/samples; GPL-2.0",
    "midi-drums": "cwilso/MIDIDrums, 1b463a691fe7; cwilso MIDIDrums / Google Shiny Drum Machine kits; MIT",
    "muldjordkit": (
        "sfzinstruments/DrumGizmo.MuldjordKit, fc165714974a; Drum samples provided by DrumGizmo.org; "
        "MuldjordKit by Lars Muldjord (CC-BY 4.0)"
    ),
    "nsk2": (
        "gruppa-gruppa-nsk/group-drums-nsk2, fb3e9d5abd4b; group-drums-nsk2: SMM kit, Salamander drumkit"
        " (A. Holm, CC-BY-SA 3.0), quartertone; CC-BY-SA 4.0/3.0"
    ),
    "oramics": (
        "oramics/sampled, 84d3405e107a; oramics/sampled: boxedear, hyperreal, Glen MacArthur AVL "
        "drumkits (CC-BY-SA), enoe Pearl Master (CC-BY 3.0), Philharmonia (CC-BY-SA 3.0)"
    ),
    "salamander-h2": (
        "muzgruppa/Salamander-Drumkit-for-Hydrogen, 8a02cd864201; Salamander drumkit by Alexander Holm "
        "(Axeldenstore), CC-BY-SA 3.0"
    ),
    "smpl-dm": (
        "smpldsnds/drum-machines, a894cb8c72ab; smpldsnds drum-machines ('public domain samples of "
        "different drum machines')"
    ),
    "sonic-pi": (
        "sonic-pi-net/sonic-pi, c0002065a976; Sonic Pi sample set; freesound.org CC0 sounds (etc/samples/README.md)"
    ),
    "stargate": (
        "stargateaudio/stargate-sample-pack, 0d33003aaa9c; Stargate sample pack: freesound CC0, Fugue "
        "State Audio, Karoryfer, microlag, Versilian (VCSL/VSCO-2-CE)"
    ),
    "fluid-gs": "FluidR3_GS.sf2 (Debian fluid-soundfont-gs), effects; Frank Wen and contributors, MIT",
    "musescore-general": (
        "MuseScore_General_Full.sf2 (Debian musescore-general-soundfont-lossless); S. Christian Collins, "
        "Michael Cowgill, Frank Wen, Ethan Winer, Michael Schorsch, MIT"
    ),
    "opl3": "OPL-3_FM_128M.sf2 (Debian opl3-soundfont); Zandro Reveille, CC BY-SA 4.0",
    "sf-gmbank": "sf_GMbank.sf2 (Debian csound-soundfont), public domain",
    "timgm6mb": "TimGM6mb.sf2 (Debian timgm6mb-soundfont); Tim Brechbill, David Bolton, GPL-2",
    "uzu": "tidalcycles/uzu-drumkit, 2f3e05c70ab4; uzu-drumkit: Switch Angel, Mot4i, Ludens (Unlicense)",
    "webaudiofont": (
        "surikov/webaudiofontdata, 23ca907d4370; WebAudioFont data: FluidR3 (MIT), GeneralUser GS (S. C."
        " Collins licence), Chaos/JCLive/SBLive soundfonts (licence unclear)"
    ),
}

PATTERN_CREDITS: tuple[dict[str, Any], ...] = (
    {
        "source": "groove_midi",
        "attribution": "Groove MIDI Dataset v1.0.0: Gillick, Roberts, Engel, Eck, Bamman, ICML 2019",
        "licence": "CC BY 4.0",
        "files": 438,
    },
    {
        "source": "drum_machine_patterns",
        "attribution": "montoyamoraga, stephenhandley; from the books of R.-P. Bardet",
        "licence": "MIT",
        "files": 468,
    },
)
