"""The check of the catalogues sees each kind of fault, and passes when there is none."""

from pathlib import Path

import pytest

from tooling.check_translations import main

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
SOUND = 'msgid "error.scan.empty"\nmsgstr "Nothing in {folder}."\n'
SOURCE = 'raise InputError("error.scan.empty", folder=name)\n'


def _project(root: Path, *, source: str = SOURCE, fr: str = SOUND, en: str = SOUND) -> Path:
    for language, entries in {"fr": fr, "en": en}.items():
        folder = root / "resources" / "i18n" / language
        folder.mkdir(parents=True)
        (folder / "scan.po").write_text(HEADER + entries, encoding="utf-8")
    (root / "twin").mkdir()
    (root / "twin" / "scan.py").write_text(source, encoding="utf-8")
    return root


def test_that_a_complete_catalogue_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_project(tmp_path)) == 0
    assert "1 entries in 2 languages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        ("no entry error.scan.full", {"source": SOURCE + 'raise InputError("error.scan.full")\n'}),
        ("no entry scan.title", {"source": SOURCE + 'label = wording.text("scan.title")\n'}),
        ("no entry scan.why", {"source": SOURCE + 'finding = Finding(message_id="scan.why")\n'}),
        ("is not given folder", {"source": 'raise InputError("error.scan.empty")\n'}),
        ("unused entry error.scan.empty", {"source": "pass\n"}),
        ("unused entry error.scan.empty", {"source": '"""Mentions error.scan.empty only."""\n'}),
        ("fuzzy entry error.scan.empty", {"fr": "#, fuzzy\n" + SOUND}),
        ("empty entry error.scan.empty", {"en": 'msgid "error.scan.empty"\nmsgstr ""\n'}),
        ("en: no entry error.scan.empty", {"en": ""}),
        ("given twice", {"fr": SOUND + '\nmsgctxt "again"\n' + SOUND}),
        ("obsolete entry error.scan.old", {"fr": SOUND + '\n#~ msgid "error.scan.old"\n#~ msgstr "x"\n'}),
        ("parameters differ", {"fr": SOUND.replace("{folder}", "{dossier}")}),
    ],
)
def test_that_each_fault_is_named(
    fault: str, parts: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_project(tmp_path, **parts)) == 1
    assert fault in capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    ['text(f"error.scan.{kind}")\n', 'text("error.scan." + kind)\n', 'KINDS = {"a": "error.scan.empty"}\n'],
)
def test_that_an_id_completed_at_run_time_or_kept_in_a_table_counts_as_used(source: str, tmp_path: Path) -> None:
    assert main(_project(tmp_path, source=source)) == 0


def test_that_a_file_name_is_not_taken_for_a_message(tmp_path: Path) -> None:
    source = SOURCE + 'text("error.scan.empty", folder=name)\nname = "error.json"\n'
    assert main(_project(tmp_path, source=source)) == 0
