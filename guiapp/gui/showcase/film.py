"""Writing pictures one after the other as GIF or MP4, through the ffmpeg of imageio-ffmpeg. It takes a while: in a
thread. imageio's own writers cannot be stopped half way, and its GIF keeps every picture in memory until the end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

import imageio_ffmpeg
from PySide6.QtGui import QImage

# Rate factor 18 keeps thin lines and small text; every player knows 4:2:0.
MP4: Final = (
    *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-preset", "veryfast"),
    *("-movflags", "+faststart", "-f", "mp4"),
)
# The 256 colours that suit each picture best, without dithering, which flickers; endless, the last picture for 1.5 s.
GIF: Final = (
    *("-filter_complex", "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=none"),
    *("-loop", "0", "-final_delay", "150", "-f", "gif"),
)


def write_film(path: Path, gif: bool, pictures: Iterable[QImage], per_s: float, check: Callable[[], None]) -> None:
    """At least two pictures of one size, in the format RGB32, as GIF or as MP4 (H.264; both sides must be even). What
    `pictures` and `check`, called while the last ones are encoded, raise goes through.

    Raises:
        OSError: it cannot be written, or there is no ffmpeg.
    """
    frames = iter(pictures)
    first = next(frames)
    with subprocess.Popen(
        _command(path, gif, first, per_s),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # on Windows a console would flash up
    ) as process:
        assert process.stderr is not None
        try:
            _feed(process, chain([first], frames))
            while process.poll() is None:
                check()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
        except BaseException:
            process.kill()
            raise
        complaint = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            raise OSError(0, complaint.splitlines()[-1] if complaint else "ffmpeg failed", str(path))


def _feed(process: subprocess.Popen[bytes], pictures: Iterator[QImage]) -> None:
    assert process.stdin is not None
    try:
        for picture in pictures:
            process.stdin.write(picture.constBits())
        process.stdin.close()
    except BrokenPipeError:  # it has ended and says why
        process.wait()


def _command(path: Path, gif: bool, picture: QImage, per_s: float) -> list[str]:
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise OSError(0, "ffmpeg is missing; install imageio-ffmpeg anew", str(path)) from error
    size = f"{picture.width()}x{picture.height()}"
    given = ["-f", "rawvideo", "-pix_fmt", "bgr0", "-s", size, "-r", f"{per_s:g}", "-i", "-"]
    return [program, "-v", "error", "-y", *given, "-an", *(GIF if gif else MP4), str(path)]
