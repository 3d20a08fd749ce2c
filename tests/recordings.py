"""Recordings as browsers make them: a second or so of a tone, in the containers and codings that they use."""

import math
import struct
from functools import cache
from io import BytesIO
from typing import Any, Final, cast

import av

RATE: Final = 48_000
FRAME: Final = 960
CODINGS: Final = {"webm": "libopus", "ogg": "libopus", "mp4": "aac", "wav": "pcm_s16le", "mp3": "libmp3lame"}


@cache
def recorded(format: str = "webm", *, layout: str = "mono", seconds: float = 1.0) -> bytes:
    """Chrome records webm, Firefox ogg, Safari mp4."""
    target = BytesIO()
    library = cast(Any, av)  # its types tell too little to be checked
    with library.open(target, "w", format=format) as container:
        stream = container.add_stream(CODINGS[format], rate=RATE)
        stream.codec_context.layout = layout
        resampler = library.AudioResampler(format=stream.codec_context.format, layout=layout, rate=RATE)
        for number in range(int(seconds * RATE / FRAME)):
            for part in resampler.resample(_frame(library, number)):
                container.mux(stream.codec_context.encode(part))
        container.mux(stream.codec_context.encode(None))
    return target.getvalue()


def _frame(library: Any, number: int) -> Any:
    frame = library.AudioFrame(format="s16", layout="mono", samples=FRAME)
    frame.sample_rate, frame.pts = RATE, number * FRAME
    start = number * FRAME
    values = (int(9000 * math.sin((start + at) * 2 * math.pi * 440 / RATE)) for at in range(FRAME))
    frame.planes[0].update(b"".join(struct.pack("<h", value) for value in values))
    return frame


def heard(data: bytes) -> tuple[str, int, float]:
    """Its coding, its channels, and how many seconds of sound are in it."""
    library = cast(Any, av)
    with library.open(BytesIO(data)) as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
        return stream.codec_context.name, stream.codec_context.channels, samples
