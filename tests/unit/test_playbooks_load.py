"""Loading: strict, complete, and every refusal says where and what was probably meant."""

from pathlib import Path

import pytest

from handrail.domain.cover import Audience
from handrail.domain.errors import PlaybookError
from handrail.domain.level import Level
from playbooks.load import REQUIRED_PLAYBOOKS, load_library
from tests.fixtures.playbooks import playbook, tiny_library

LOCALE = "en-GB"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tiny_library(tmp_path)


def put(root: Path, name: str, text: str) -> None:
    path = root / LOCALE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def refused(root: Path, overlay: Path | None = None) -> str:
    with pytest.raises(PlaybookError) as raised:
        load_library(root, overlay)
    return str(raised.value)


def test_a_complete_library_loads(root: Path) -> None:
    library = load_library(root)
    assert library.locales == (LOCALE,)
    general = library.playbook(LOCALE, "general_self")
    assert general.audience is Audience.SELF
    assert general.levels == tuple(Level)
    assert general.file == "en-GB/playbooks/general_self.toml"
    assert library.flow(LOCALE, "report").questions[1].only_if == ("danger_now", ("yes",))
    assert library.words(LOCALE).phrases["skip_label"] == "Skip"
    assert library.helplines.country("GB").emergency == "999 or 112"


def test_the_shipped_library_loads_from_the_installed_package() -> None:
    library = load_library()
    assert "en-GB" in library.locales
    assert all(p.source and p.reviewed_on for p in library.playbooks.values())


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("playbooks/x.toml", playbook(more='whne = "always"'), "did you mean 'when'"),
        ("playbooks/x.toml", playbook(audience="freind"), "did you mean 'friend'"),
        ("playbooks/x.toml", playbook(levels='["P6"]'), "unknown level 'P6'"),
        ("playbooks/x.toml", playbook(levels='["P1", "P1"]'), "there twice"),
        ("playbooks/x.toml", playbook(more='when = "nocover"'), "did you mean 'no_cover'"),
        ("playbooks/x.toml", playbook(more='on_yes = "tlak"'), "did you mean 'talk'"),
        ("playbooks/x.toml", playbook(more='draft = "yes"'), "must be of type bool"),
        ("playbooks/x.toml", playbook(more="version = true"), "must be of type int"),
        ("playbooks/x.toml", playbook(text="  "), "'text' is empty"),
        ("playbooks/x.toml", playbook(text="{{human_etta}}"), "did you mean 'human_eta'"),
        ("playbooks/x.toml", playbook(text="{{helpline:primry}}"), "helpline:primary"),
        ("playbooks/x.toml", playbook(text="{{link:directry}}"), "did you mean 'link:directory'"),
        ("playbooks/x.toml", playbook(text="{{human_eta}"), "not closed"),
        ("playbooks/x.toml", 'audience = "self"', "no [[steps]]"),
        ("playbooks/x.toml", "audience = ", "cannot be read"),
        ("playbooks/x.toml", playbook(more='[exempt]\nQ101 = ""'), "gives no reason"),
        ("playbooks/X y.toml", playbook(), "small letters"),
        (
            "playbooks/x.toml",
            playbook() + 'choices = [{label = "Go", action = "tlk"}]',
            "did you mean 'talk'",
        ),
        (
            "playbooks/x.toml",
            playbook() + 'choices = [{label = "Yes", action = "yes"}]',
            "'on_yes' is missing",
        ),
        (
            "playbooks/x.toml",
            playbook() + f'choices = [{{label = "{"a" * 76}", action = "talk"}}]',
            "longer than 75",
        ),
        (
            "playbooks/x.toml",
            playbook() + 'choices = [{label="A", action="talk"}, {label="A", action="help"}]',
            "button label 'A' is there twice",
        ),
        ("words.toml", "[phrases]\nskip_label = 'Skip'", "missing call"),
        ("words.toml", "[intents]\nsotp = ['x']\n[phrases]\na='b'", "did you mean 'stop'"),
        ("words.toml", "[intents]\nstop = ['(']\n[phrases]\na='b'", "is not a pattern"),
    ],
)
def test_a_bad_file_is_named(root: Path, name: str, text: str, complaint: str) -> None:
    put(root, name, text)
    error = refused(root)
    assert complaint in error
    assert f"{LOCALE}/{name}".removesuffix(".toml") in error


def flow(question: str = "", answers: str = "", top: str = "") -> str:
    return (
        f'{top}\n[[questions]]\nid = "a"\ntext = "A?"\n{question}\n{answers}\n'
        '[[questions]]\nid = "b"\ntext = "B?"\n'
    )


def answer(more: str) -> str:
    return f'[[questions.answers]]\nvalue = "v"\nlabel = "V"\n{more}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (flow(top='opening = ["wellcome"]'), "did you mean 'welcome'"),
        (flow(top='closing = ["nowhere"]'), "unknown playbook in 'closing' 'nowhere'"),
        (flow(answers=answer('before = "report_dangr"')), "did you mean 'report_danger'"),
        (flow(answers=answer('goto = "c"')), "unknown goto 'c'"),
        (flow(answers=answer('goto = "a"')), "must lead forward"),
        (flow(answers=answer('effect = "withdrw"')), "did you mean 'withdraw'"),
        (flow(answers=answer("hears = ['[']")), "is not a pattern"),
        (flow(answers=answer("") * 2), "answer 'v' is there twice"),
        (flow('only_if = {question = "b", values = ["x"]}'), "unknown earlier question 'b'"),
        (flow() + 'only_if = {question = "a", values = ["x"]}', "unknown answer 'x'"),
        (flow("skipable = false"), "did you mean 'skippable'"),
        (flow() + '[[questions]]\nid = "a"\ntext = "again?"', "question 'a' is there twice"),
        (flow(f'[[questions.answers]]\nvalue = "{"v" * 60}"\nlabel = "V"'), "too long"),
        (flow().replace("A?", "{{nobody}}"), "unknown placeholder 'nobody'"),
        ("closing = []", "no [[questions]]"),
    ],
)
def test_a_bad_flow_is_named(root: Path, text: str, complaint: str) -> None:
    put(root, "flows/extra.toml", text)
    error = refused(root)
    assert complaint in error
    assert "en-GB/flows/extra.toml" in error


@pytest.mark.parametrize("key", sorted(REQUIRED_PLAYBOOKS))
def test_what_the_engine_names_must_be_there(root: Path, key: str) -> None:
    (root / LOCALE / "playbooks" / f"{key}.toml").unlink()
    assert key in refused(root)


@pytest.mark.parametrize("gone", ["words.toml", "flows/report.toml", "flows/delete.toml"])
def test_a_missing_part_of_a_locale_is_named(root: Path, gone: str) -> None:
    (root / LOCALE / gone).unlink()
    assert Path(gone).stem in refused(root)


def test_a_level_without_an_answer_stops_the_start(root: Path) -> None:
    put(root, "playbooks/general_friend.toml", playbook(audience="friend", levels='["P1", "P2"]'))
    error = refused(root)
    assert "L104" in error
    assert "en-GB: friend P3, covered" in error


def test_an_answer_for_the_day_is_none_for_the_night(root: Path) -> None:
    put(root, "playbooks/general_self.toml", playbook(more='when = "covered"'))
    assert "self P1, no_cover" in refused(root)


def test_signals_do_not_count_as_cover(root: Path) -> None:
    put(root, "playbooks/general_self.toml", playbook(more='signals = ["minor"]'))
    assert "self P1" in refused(root)


def test_an_overlay_replaces_key_by_key(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    put(mine, "playbooks/welcome.toml", playbook(levels="[]", text="Hello from here."))
    put(mine, "playbooks/extra.toml", playbook(levels="[]"))
    put(mine, "words.toml", '[phrases]\nskip_label = "Not now"')
    library = load_library(root, mine)
    assert library.playbook(LOCALE, "welcome").steps[0].texts == ("Hello from here.",)
    assert (LOCALE, "extra") in library.playbooks
    assert library.words(LOCALE).phrases["skip_label"] == "Not now"
    assert library.words(LOCALE).phrases["call"] == "call {{phone}}"
    assert load_library(root).words(LOCALE).phrases["skip_label"] == "Skip"


def test_an_overlay_is_checked_as_strictly(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    put(mine, "playbooks/welcome.toml", playbook(levels="[]", text="{{oops}}"))
    assert "unknown placeholder 'oops'" in refused(root, mine)


def test_a_new_locale_must_be_complete(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "cy-GB" / "playbooks").mkdir(parents=True)
    assert "cy-GB/words.toml is missing" in refused(root, mine)


def test_a_folder_that_is_no_locale_is_refused(root: Path) -> None:
    (root / "english").mkdir()
    assert "english" in refused(root)


def test_missing_folders_are_refused(tmp_path: Path, root: Path) -> None:
    assert "does not exist" in refused(tmp_path / "nowhere")
    assert "does not exist" in refused(root, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "no locale" in refused(tmp_path / "empty")


def test_an_overlay_can_bring_its_own_helplines(root: Path, tmp_path: Path) -> None:
    lines = tmp_path / "mine" / "helplines"
    lines.mkdir(parents=True)
    (lines / "GB.toml").write_text(
        'country = "GB"\nname = "Here"\ntimezone = "Europe/London"\n[emergency]\nsaid = "999"\n'
    )
    library = load_library(root, tmp_path / "mine")
    assert library.helplines.country("GB").helplines == ()
    assert library.helplines.country("FR").helplines
