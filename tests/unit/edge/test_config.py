from pathlib import Path

import pytest

from edge.clock import KERNEL_BOOT_FILE, BoxClock
from edge.config import PanelConfig, SocketsConfig, read_config
from edge.errors import ConfigError
from firmware_bridge.drivers.driver import Line
from firmware_bridge.ports.device_settings import DeviceSettings

TEXT = """
station = "con-dao-01"
data_dir = "data"
[hub]
host = "hub.example"
port = 8884
ca = "ca.crt"
certificate = "/etc/box.crt"
key = "box.key"
seal_key = "hub.seal"
[board]
port = "/dev/ttyACM0"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "box.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_config_is_read_with_paths_from_its_own_folder_and_defaults_for_the_rest(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, TEXT))
    assert config.station == "con-dao-01"
    assert config.hub_port == 8884
    assert config.ca == tmp_path / "ca.crt"
    assert config.certificate == Path("/etc/box.crt")
    assert config.control_socket == tmp_path / "data" / "vitals.sock"
    assert (config.board_baud, config.quota_bytes) == (460_800, 2_000_000_000)
    assert config.boot_file == KERNEL_BOOT_FILE
    assert config.panel.port == 8080


def test_the_hubs_port_for_everything_is_443_unless_it_is_told_otherwise_or_is_known_already(
    tmp_path: Path,
) -> None:
    assert read_config(write(tmp_path, TEXT)).front_port == 443
    for port, front_port in ((444, 444), (0, None), (8884, None)):
        told = TEXT.replace("port = 8884", f"port = 8884\nfront_port = {port}")
        assert read_config(write(tmp_path, told)).front_port == front_port


def test_a_box_speaks_vietnamese_then_english_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    assert read_config(write(tmp_path, TEXT)).call.languages == ("vi", "en")
    told = write(tmp_path, TEXT + '[call]\nvoice = false\nlanguages = ["hmn", "vi", "hmn"]\n')
    assert read_config(told).call.languages == ("hmn", "vi")
    assert (read_config(told).call.voice, read_config(write(tmp_path, TEXT)).call.voice) == (False, True)


def test_where_services_meet_is_read_and_lies_beside_the_spool_by_default(tmp_path: Path) -> None:
    alone = read_config(write(tmp_path, TEXT))
    assert alone.sockets == SocketsConfig()
    named = [alone.control_socket, alone.picture_socket, alone.video_socket]
    assert named == [alone.data_dir / name for name in ("vitals.sock", "picture.sock", "video.sock")]
    text = '[sockets]\ncontrol = "/run/a"\npicture = "/run/b"\nvideo = "c"\n'
    config = read_config(write(tmp_path, TEXT + text))
    named = [config.control_socket, config.picture_socket, config.video_socket]
    assert named == [Path("/run/a"), Path("/run/b"), tmp_path / "c"]


def test_the_hotline_and_whether_a_ring_answers_itself_are_read(tmp_path: Path) -> None:
    call = read_config(write(tmp_path, TEXT)).call
    assert (call.hotline, call.auto_answer) == (None, "never")
    told = TEXT + '[call]\nhotline = "0254 3830 115"\nauto_answer = "emergency"\n'
    call = read_config(write(tmp_path, told)).call
    assert (call.hotline, call.auto_answer) == ("0254 3830 115", "emergency")


def test_where_advice_is_printed_is_read(tmp_path: Path) -> None:
    assert read_config(write(tmp_path, TEXT)).print_to == "auto"
    for to in ("usb", "none", "auto", "cups:May-in_2"):
        assert read_config(write(tmp_path, TEXT + f'[print]\nto = "{to}"\n')).print_to == to
    for to in ("cups:", "cups:a b", "cups:a/b", "lp0"):
        with pytest.raises(ConfigError, match=r"print\.to: expected"):
            read_config(write(tmp_path, TEXT + f'[print]\nto = "{to}"\n'))


def test_the_stations_name_and_its_screen_are_read(tmp_path: Path) -> None:
    plain = read_config(write(tmp_path, TEXT))
    assert (plain.name, plain.panel.language, plain.panel.screen_mm_wide) == ("con-dao-01", "vi", None)
    told = 'station_name = " Trạm Y tế  Côn Đảo "\n' + TEXT
    told += '[panel]\nport = 8090\nlanguage = "en"\nscreen_mm_wide = 154.1\nblank_after_min = 0\n'
    config = read_config(write(tmp_path, told))
    screen = PanelConfig(port=8090, language="en", screen_mm_wide=154.1, blank_after_min=0)
    assert (config.name, config.panel) == ("Trạm Y tế Côn Đảo", screen)
    for wrong, words in (
        ('language = "fr"', r'panel\.language: expected "vi" or "en"'),
        ("screen_mm_wide = 12", r"panel\.screen_mm_wide: expected the width of the picture in mm"),
        ("blank_after_min = -1", r"panel\.blank_after_min: expected a whole number"),
    ):
        with pytest.raises(ConfigError, match=words):
            read_config(write(tmp_path, TEXT + f"[panel]\n{wrong}\n"))
    with pytest.raises(ConfigError, match=r"station_name: expected at most"):
        read_config(write(tmp_path, f'station_name = "{"a" * 81}"\n' + TEXT))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('host = "hub.example"', ""), "hub.host: expected a text, found None"),
        (('host = "hub.example"', "host = 5"), "hub.host: expected a text, found 5"),
        (('host = "hub.example"', 'host = ""'), "hub.host: expected a text"),
        (("port = 8884", "port = 0"), "hub.port: expected a whole number 1 … 65535, found 0"),
        (("port = 8884", "port = 8884.5"), "hub.port: expected a whole number 1 … 65535, found 8884.5"),
        (("port = 8884", "port = true"), "hub.port: expected a whole number"),
        (("port = 8884", "prot = 8884"), "[hub] prot is not a setting; there are host, port"),
        (("[board]", "[bord]"), "bord is not a setting; there are station"),
        (('"con-dao-01"', '"Côn Đảo"'), "station: malformed: station name 'Côn Đảo'"),
        (('"con-dao-01"', '"hub"'), "station: malformed"),
        (('station = "con-dao-01"', ""), "station: expected a text"),
        (("[hub]", "[spool]\nquota_bytes = 1000\n[hub]"), "spool.quota_bytes: expected a whole number 3200"),
        (("[board]", "[board]\nbaud = 300"), "board.baud: expected a whole number 9600"),
        (("[hub]", "[call]\nvoice = 1\n[hub]"), "call.voice: expected true or false, found 1"),
        (("[hub]", '[call]\nauto_answer = "always"\n[hub]'), 'call.auto_answer: expected "never" or'),
        (("[hub]", "[call]\nhotline = 115\n[hub]"), "call.hotline: expected a text, found 115"),
        (("[hub]", "[call]\nlanguages = []\n[hub]"), "call.languages: expected 1 to 4 languages"),
        (("[hub]", '[call]\nlanguages = "vi"\n[hub]'), "call.languages: expected 1 to 4 languages"),
        (("[hub]", '[call]\nlanguages = ["../vi"]\n[hub]'), "call.languages: expected 1 to 4 languages"),
        (("[hub]", "[panel]\nport = 80\n[hub]"), "panel.port: expected a whole number 1024 … 65535"),
        (("[hub]", "hub = 3\n[nub]"), "nub is not a setting"),
        (("[hub]", "[hub"), "is not TOML"),
    ],
)
def test_every_mistake_names_the_file_the_key_and_what_is_expected(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    assert change[0] in TEXT
    file = write(tmp_path, TEXT.replace(*change))
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory; `hub enrol"):
        read_config(tmp_path / "none.toml")


def test_bytes_that_are_no_text_are_no_toml(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_bytes(b'station = "\xff\xfe"')
    with pytest.raises(ConfigError, match="is not TOML"):
        read_config(tmp_path / "box.toml")


def test_a_boot_file_names_the_boot_and_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "boot"
    file.write_text("abc\n0.5\n")
    clock = BoxClock.read(file)
    kernel = BoxClock.read()
    assert clock.boot_name == "abc"
    assert 0.4 < kernel.now_s() - clock.now_s() < 0.6


@pytest.mark.parametrize("text", ["", "abc\nsoon\n", "abc\n1e300\n", "abc\n99999999999\n"])
def test_a_boot_file_that_cannot_be_read_says_what_to_do(tmp_path: Path, text: str) -> None:
    file = tmp_path / "boot"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"boot: cannot read the name of this boot .* remove \[clock\]"):
        BoxClock.read(file)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("camera", "v4l2:/dev/video2", "v4l2:/dev/video2"),
        ("camera", "generated", "generated"),
        ("microphone", "alsa:hw:1,0", "alsa:hw:1,0"),
        ("screen", "fb:/dev/fb1", "fb:/dev/fb1"),
    ],
)
def test_video_sources_are_read_as_they_are_named(tmp_path: Path, key: str, value: str, read: str) -> None:
    config = read_config(write(tmp_path, TEXT + f'[video]\n{key} = "{value}"\n'))
    assert getattr(config.video, key) == read


def test_a_file_of_a_video_source_counts_from_the_configuration(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, TEXT + '[video]\nmicrophone = "file:talk.wav"\n'))
    assert config.video.microphone == f"file:{tmp_path / 'talk.wav'}"


@pytest.mark.parametrize("value", ["webcam", "v4l2:", "alsa:default", "generated "])
def test_a_camera_that_cannot_be_named_so_is_refused_with_what_can(tmp_path: Path, value: str) -> None:
    with pytest.raises(
        ConfigError, match=r"video\.camera: expected one of auto, v4l2:…, file:…, generated, none"
    ):
        read_config(write(tmp_path, TEXT + f'[video]\ncamera = "{value}"\n'))


def test_a_box_may_have_no_board_of_ours(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, TEXT.replace('[board]\nport = "/dev/ttyACM0"\n', "")))
    assert (config.board_port, config.devices) == (None, ())


def test_a_board_without_a_port_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"board\.port: expected a text, found None"):
        read_config(write(tmp_path, TEXT.replace('port = "/dev/ttyACM0"', "")))


DEVICES = """
[[device]]
driver = "berry-bm1000"
port = "/dev/ttyUSB0"
name = "finger"
baud = 9600
[[device]]
adapter = "usb-Silicon_Labs_CP2102_0017-if00-port0"
[[device]]
driver = "berry-bm1000"
port = "oximeter"
parity = "E"
"""


def test_devices_are_read_in_order_with_what_is_said_of_each(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, TEXT + DEVICES))
    assert config.devices == (
        DeviceSettings(where="/dev/ttyUSB0", driver="berry-bm1000", name="finger", line=Line(9600)),
        DeviceSettings(where="usb-Silicon_Labs_CP2102_0017-if00-port0"),
        DeviceSettings(where=str(tmp_path / "oximeter"), driver="berry-bm1000", line=Line(115_200, "E")),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"berry-bm1000"', '"berry"'), "[[device]] 1: driver: there is no 'berry'; there are "),
        (('"berry-bm1000"', "7"), "[[device]] 1: driver: expected a text, found 7"),
        (('"berry-bm1000"', '""'), "[[device]] 1: driver: expected a text, found ''"),
        (('port = "/dev/ttyUSB0"\n', ""), '[[device]] 1: expected either port = "/dev/…" or adapter = "…"'),
        (('name = "finger"', 'adapter = "usb"'), "[[device]] 1: expected either port"),
        (('"finger"', '"ngón tay"'), "[[device]] 1: name: expected 1 … 64 of the letters"),
        (('"finger"', '"board"'), "[[device]] 1: name: board is taken"),
        (("baud = 9600", "baud = 20"), "[[device]] 1: baud: expected bit/s, 300 … 4000000, found 20"),
        (("baud = 9600", "baud = true"), "[[device]] 1: baud: expected bit/s, 300 … 4000000, found True"),
        (("baud = 9600", 'speed = "high"'), "[[device]] 1: speed is not a setting; there are driver, port"),
        (('"E"', '"even"'), '[[device]] 3: parity: expected "N", "O" or "E", found \'even\''),
        (
            ('port0"', 'port0"\nbaud = 9600'),
            "[[device]] 2: driver: expected one, for baud or parity is given",
        ),
        (('"oximeter"', '"/dev/ttyUSB0"'), "[[device]] 3: /dev/ttyUSB0 is another device's already"),
        (('"oximeter"', '"oximeter"\nname = "finger"'), "[[device]] 3: name: finger is another device's"),
    ],
)
def test_a_mistake_in_a_device_names_which_and_what_is_expected(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    assert change[0] in DEVICES
    file = write(tmp_path, TEXT + DEVICES.replace(*change, 1))
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ['[device]\ndriver = "berry-bm1000"\n', "[[device.more]]\n"])
def test_a_device_that_is_no_table_of_many_is_a_mistake(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"device"):
        read_config(write(tmp_path, TEXT + text))


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ('[button]\ngpio = "gpiochip0:17"\n', "gpio", "gpiochip0:17"),
        (
            '[button]\ninput = "/dev/input/by-id/usb-button-event-kbd"\n',
            "input",
            "/dev/input/by-id/usb-button-event-kbd",
        ),
    ],
)
def test_a_button_of_the_box_itself_is_read(tmp_path: Path, text: str, kind: str, place: str) -> None:
    button = read_config(write(tmp_path, TEXT + text)).button
    assert button is not None
    assert (button.kind, button.place) == (kind, place)
    assert read_config(write(tmp_path, TEXT)).button is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[button]\n", "[button]: expected either gpio or input"),
        ('[button]\ngpio = "a:1"\ninput = "/dev/x"\n', "[button]: expected either gpio or input"),
        ('[button]\ngpio = "17"\n', "button.gpio: expected CHIP:LINE, such as"),
        ("[button]\ngpio = 17\n", "button.gpio: expected a text, found 17"),
        ('[button]\npin = "17"\n', "[button] pin is not a setting; there are gpio, input"),
    ],
)
def test_a_mistake_in_the_button_says_what_is_expected(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(write(tmp_path, TEXT + text))
    assert words in str(caught.value)


def test_a_machine_is_restarted_from_afar_only_where_the_place_says_how(tmp_path: Path) -> None:
    assert read_config(write(tmp_path, TEXT)).restart_command == ()
    told = write(tmp_path, TEXT + '[commands]\nrestart = ["systemctl", "reboot"]\n')
    assert read_config(told).restart_command == ("systemctl", "reboot")
    for wrong in ('"reboot"', "[]", "[1]", '[""]'):
        with pytest.raises(ConfigError, match=r"commands\.restart: expected a program"):
            read_config(write(tmp_path, TEXT + f"[commands]\nrestart = {wrong}\n"))
