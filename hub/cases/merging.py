"""Two people write the same form at once (core): what one of them changed is taken, the rest is shown."""

from dataclasses import dataclass

from hub.cases.notes import Form


@dataclass(frozen=True, slots=True)
class Merged:
    """`form`: both together. `disputed`: the fields that both changed, to different words; of these `form`
    has the other's."""

    form: Form
    disputed: tuple[str, ...]


def merge(base: Form | None, mine: Form, theirs: Form) -> Merged:
    """Return what becomes of `mine` when `theirs` was saved since `base` was read; None: nobody knows it."""
    fields, disputed = theirs.model_dump(), []
    for name, wanted in mine.model_dump().items():
        before = None if base is None else getattr(base, name)
        if wanted == fields[name] or (base is not None and wanted == before):
            continue
        if base is not None and fields[name] == before:
            fields[name] = wanted
        else:
            disputed.append(name)
    return Merged(Form.model_validate(fields), tuple(disputed))
