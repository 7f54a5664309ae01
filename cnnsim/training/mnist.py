"""MNIST, downloaded once into the cache folder, every file by its checksum."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_cache_path

from cnnsim.errors import CnnsimError, printable

#: Where the files are fetched from, one after the other until one has them.
_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
#: MD5 of Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database, as first published.
CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


def mnist_folder() -> Path:
    """Where the files are kept."""
    return user_cache_path("cnnsim") / "mnist"


def fetch_mnist() -> Path:
    """The folder with the four files; downloads those that are missing or damaged.

    Raises CnnsimError where neither works, saying what to do instead.
    """
    folder = mnist_folder()
    from hashlib import md5

    def is_whole(name: str) -> bool:
        file = folder / name
        return file.is_file() and md5(file.read_bytes()).hexdigest() == CHECKSUMS[name]

    missing = [name for name in CHECKSUMS if not is_whole(name)]
    for name in missing:
        _download(name, folder)
    return folder


def _download(name: str, folder: Path) -> None:
    import pooch
    import requests

    reason = ""
    for mirror in _MIRRORS:
        try:
            pooch.retrieve(
                mirror + name,
                known_hash=f"md5:{CHECKSUMS[name]}",
                fname=name,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=20),
            )
            return
        except requests.ConnectionError:
            reason = f"no connection to {urlsplit(mirror).hostname}"
        except (OSError, ValueError, requests.RequestException) as error:
            reason = printable(str(error))
    raise CnnsimError(
        f"MNIST could not be downloaded: {name}: {reason}",
        "put its four idx files into a folder and name it: --set data.source=FOLDER, or into "
        f"{printable(str(folder))}",
    )
