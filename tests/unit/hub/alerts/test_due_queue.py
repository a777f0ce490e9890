from hub.alerts.due_queue import DueQueue


def test_a_key_is_due_at_its_moment_and_not_before() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.set("a", 10.0)
    queue.set("b", 5.0)
    assert queue.take(now_s=4.9, most=9) == []
    assert queue.take(now_s=5.0, most=9) == ["b"]
    assert queue.next_s() == 10.0
    assert queue.take(now_s=99.0, most=9) == ["a"]
    assert queue.next_s() is None


def test_a_key_has_one_moment_the_last_that_was_set() -> None:
    queue: DueQueue[str] = DueQueue()
    for due_s in (10.0, 3.0, 20.0):
        queue.set("a", due_s)
    assert queue.take(now_s=19.9, most=9) == []
    assert queue.take(now_s=20.0, most=9) == ["a"]
    queue.set("b", 1.0)
    queue.set("b", None)
    assert queue.next_s() is None


def test_what_is_hastened_is_never_later_than_it_was() -> None:
    queue: DueQueue[str] = DueQueue()
    queue.hasten("a", 10.0)
    queue.hasten("a", 30.0)
    assert queue.next_s() == 10.0
    queue.hasten("a", 2.0)
    assert queue.next_s() == 2.0


def test_at_most_so_many_are_taken_and_the_first_due_first() -> None:
    queue: DueQueue[int] = DueQueue()
    for number in range(10):
        queue.set(number, 10.0 - number)
    assert queue.take(now_s=99.0, most=3) == [9, 8, 7]
    assert len(queue) == 7


def test_keys_that_are_put_off_again_and_again_do_not_fill_the_memory() -> None:
    queue: DueQueue[int] = DueQueue()
    for round_ in range(1_000):
        for key in range(10):
            queue.set(key, float(round_))
    assert len(queue._heap) <= 100
    assert sorted(queue.take(now_s=999.0, most=99)) == list(range(10))
