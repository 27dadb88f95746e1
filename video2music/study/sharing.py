"""A copy of the answers in a private data set of the Hugging Face hub: a Space forgets its files when it restarts."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emotion.errors import RefusalError
from video2music.study.export import export_answers
from video2music.study.plan import Study
from video2music.study.records import Row

if TYPE_CHECKING:
    from huggingface_hub import HfApi

VARIABLE = "VIDEO2MUSIC_STUDY_DATASET"
"""Environment variable with the data set, such as "laboratory/ratings"; without it nothing leaves the machine."""


class SharingError(RefusalError):
    """A data set that does not take the answers, or that others could read."""


def push_answers(study: Study, rows: Sequence[Row], api: "HfApi | None" = None) -> str:
    """Copy an export to the private data set that the environment names, into a folder of the study's name.

    Args:
        study: as read.
        rows: of the store.
        api: of the hub; None takes the one that the environment's token opens.

    Returns:
        The data set; "" if the environment names none.

    Raises:
        SharingError: the data set is public, or cannot be written.
    """
    name = os.environ.get(VARIABLE, "").strip()
    if not name:
        return ""
    import httpx2
    from huggingface_hub import HfApi

    try:
        _push(study, rows, name, api or HfApi())
    except (OSError, ValueError, httpx2.HTTPError) as error:  # ValueError: no name of a data set
        reason = str(error).partition("\n")[0]
        raise SharingError(
            f"The answers were not copied to the data set ({reason})", where=name, remedy="Check its name and the token"
        ) from error
    return name


def _push(study: Study, rows: Sequence[Row], name: str, api: "HfApi") -> None:
    """Replace the copy; the history is emptied too, so that withdrawn answers do not live on in it."""
    api.create_repo(name, repo_type="dataset", private=True, exist_ok=True)
    if api.dataset_info(name).private is not True:
        raise SharingError("Others could read this data set", where=name, remedy="Make it private, or name another one")
    with tempfile.TemporaryDirectory(prefix="study-") as folder:
        export_answers(study, rows, Path(folder))
        api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=folder,
            path_in_repo=study.name,
            commit_message=f"{len(rows)} answers",
        )
    api.super_squash_history(name, repo_type="dataset")
