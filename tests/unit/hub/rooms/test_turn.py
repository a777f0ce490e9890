from hub.config import MediaConfig
from hub.rooms.turn import LIFETIME_S, credential, ice_servers


def test_a_hub_without_servers_names_none() -> None:
    assert ice_servers(MediaConfig(), user="con-dao-01", now_utc_s=1.0) == ()


def test_a_credential_is_the_name_s_hmac_as_coturn_makes_it() -> None:
    assert credential(b"hai dang", "1800000000:con-dao-01") == "wKY8exKv4dYmSDmqtP0L+D6B2kc="


def test_a_name_says_until_when_and_for_whom() -> None:
    media = MediaConfig(stun=("stun:h:3478",), turn=("turns:h:443?transport=tcp",), turn_secret=b"hai dang")
    stun, turn = ice_servers(media, user="con-dao-01", now_utc_s=1_800_000_000 - LIFETIME_S + 0.7)
    assert (stun.urls, stun.username, stun.credential) == (("stun:h:3478",), None, None)
    assert (turn.username, turn.credential) == ("1800000000:con-dao-01", "wKY8exKv4dYmSDmqtP0L+D6B2kc=")


def test_the_secret_is_in_no_log() -> None:
    assert "hai dang" not in repr(MediaConfig(turn_secret=b"hai dang"))
