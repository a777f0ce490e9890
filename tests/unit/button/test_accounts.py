"""The books of `./run bench button`, on runs that were doctored: what is wrong must be seen."""

from tests.button.accounts import Accounts, Name, Push


def pressed(accounts: Accounts, *names: Name, down_s: float = 1.0) -> Push:
    push = Push(down_s)
    accounts.pushed(push)
    for name in names:
        accounts.named(push, name)
    return push


def sound_run() -> tuple[Accounts, list[Name]]:
    """Three pushes, one of them held through a reset; all stored."""
    accounts = Accounts()
    names = [Name(7, 1), Name(7, 2), Name(8, 1)]
    pressed(accounts, names[0])
    pressed(accounts, names[1], names[2])
    pressed(accounts, Name(8, 2))
    names.append(Name(8, 2))
    for name in names:
        accounts.stored(name, now_s=2.0)
    return accounts, names


def test_a_sound_run_is_sound() -> None:
    accounts, names = sound_run()
    judgement = accounts.judge(names)
    assert (judgement.presses, judgement.lost, judgement.doubled, judgement.led_lied) == (3, 0, 0, 0)
    assert judgement.told_again == 1
    assert accounts.waiting == []


def test_a_press_that_is_not_on_the_disk_is_lost_whatever_the_box_believed() -> None:
    accounts, names = sound_run()
    assert accounts.judge(names[1:]).lost == 1


def test_of_a_push_with_two_names_one_on_the_disk_is_enough() -> None:
    accounts, names = sound_run()
    judgement = accounts.judge([names[0], *names[2:]])
    assert (judgement.lost, judgement.told_again) == (0, 0)


def test_a_press_that_no_board_has_named_is_lost() -> None:
    accounts, names = sound_run()
    pressed(accounts)
    assert accounts.judge(names).lost == 1


def test_a_record_that_is_there_twice_is_doubled() -> None:
    accounts, names = sound_run()
    assert accounts.judge([*names, names[1]]).doubled == 1


def test_a_record_of_a_press_that_nobody_made_is_doubled() -> None:
    accounts, names = sound_run()
    assert accounts.judge([*names, Name(9, 1)]).doubled == 1


def test_two_boots_that_bear_one_name_have_presses_of_their_own() -> None:
    accounts = Accounts()
    for at_s in (1.0, 2.0):
        pressed(accounts, Name(7, 1), down_s=at_s)
        accounts.stored(Name(7, 1), now_s=at_s + 0.5)
    assert [push.stored_s for push in accounts.pushes] == [1.5, 2.5]
    judgement = accounts.judge([Name(7, 1), Name(7, 1)])
    assert (judgement.lost, judgement.doubled) == (0, 0)


def test_a_lamp_of_the_board_that_is_ahead_of_the_disk_lies_once_however_long() -> None:
    accounts = Accounts()
    pressed(accounts, Name(7, 1))
    for _ in range(3):
        accounts.saw_lamp(board_says=True, box_says=False)
    assert accounts.led_lied == 1
    accounts.stored(Name(7, 1), now_s=2.0)
    accounts.saw_lamp(board_says=True, box_says=False)
    pressed(accounts, Name(7, 2))
    accounts.saw_lamp(board_says=True, box_says=False)
    assert accounts.led_lied == 2


def test_a_lamp_that_the_box_lights_before_the_call_is_on_the_disk_lies() -> None:
    accounts = Accounts()
    pressed(accounts, Name(7, 1))
    accounts.saw_lamp(board_says=False, box_says=True)
    assert accounts.led_lied == 1
    accounts.stored(Name(7, 1), now_s=2.0)
    pressed(accounts, Name(7, 2))  # it nudges a call that is on the disk: the lamp speaks of that one
    accounts.saw_lamp(board_says=False, box_says=True)
    assert accounts.led_lied == 1
    accounts.call_closed()
    accounts.saw_lamp(board_says=False, box_says=True)
    assert accounts.led_lied == 2
