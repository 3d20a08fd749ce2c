"""Make a sound into another form: `python converting.py FORMAT FORM SOURCE TARGET`, a process for each file.

What comes from strangers is decoded here and nowhere else: with limits on memory, time and size that end this process
and not the desk, as one format that is told and not guessed, without a way to open any other file. FORM is `VOICE_NOTE`
(Opus in Ogg with one channel: rewrapped where it is that already) or `PLAYABLE` (MP3). Prints why nothing could be made
and ends with 3.
"""

# pyright: reportUnknownMemberType=false
# PyAV says of its packets not what they hold, and of its streams not what else they take.

import errno
import resource
import sys
from contextlib import suppress
from typing import Final, Literal, NoReturn

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

MEMORY_BYTES: Final = 512 * 1024 * 1024
SECONDS: Final = 60  # of a processor
RATE: Final = 48_000
VOICE_BITS: Final = 32_000  # a second
PLAYABLE_BITS: Final = 64_000
NOT_MADE: Final = 3


def main(format: str, form: str, source: str, target: str, most_bytes: str) -> None:
    _limit(int(most_bytes))
    made: Literal["ogg", "mp3"] = "ogg" if form == "VOICE_NOTE" else "mp3"
    try:
        with (
            av.open(
                source, "r", format=format, options={"protocol_whitelist": "file"}, metadata_errors="ignore"
            ) as given,
            av.open(target, "w", format=made) as wanted,
        ):
            _convert(given, wanted, is_voice=form == "VOICE_NOTE")
    except (av.error.FFmpegError, MemoryError) as error:
        if isinstance(error, MemoryError) or error.errno in (errno.EFBIG, errno.ENOMEM):
            _give_up("The recording is too long.")
        _give_up(f"The recording can't be read ({error.strerror}).")


def _limit(most_bytes: int) -> None:
    limits = {
        resource.RLIMIT_DATA: MEMORY_BYTES,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_FSIZE: most_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for which, most in limits.items():
        with suppress(ValueError, OSError):  # not every system has all of them
            resource.setrlimit(which, (most, most))


def _convert(given: InputContainer, wanted: OutputContainer, *, is_voice: bool) -> None:
    if not given.streams.audio:
        _give_up("There is no sound in it.")
    sound = given.streams.audio[0]
    if is_voice and sound.codec_context.name in ("opus", "libopus") and sound.codec_context.channels == 1:
        _rewrap(given, sound, wanted)
    else:
        _encode(
            given, sound, wanted, "libopus" if is_voice else "libmp3lame", VOICE_BITS if is_voice else PLAYABLE_BITS
        )


def _rewrap(given: InputContainer, sound: AudioStream, wanted: OutputContainer) -> None:
    stream = wanted.add_stream_from_template(sound)
    count = 0
    for packet in given.demux(sound):
        if packet.dts is None:  # the end
            continue
        packet.stream = stream
        wanted.mux(packet)
        count += 1
    if not count:
        _give_up("There is no sound in it.")


def _encode(given: InputContainer, sound: AudioStream, wanted: OutputContainer, codec: str, bits: int) -> None:
    stream = wanted.add_stream(codec, rate=RATE)
    context = stream.codec_context
    assert isinstance(context, AudioCodecContext)
    context.layout = "mono"
    context.bit_rate = bits
    resampler = av.AudioResampler(format=context.format, layout="mono", rate=RATE)
    count = 0
    for frame in given.decode(sound):
        frame.pts = None  # counted anew: recorders begin anywhere
        for part in resampler.resample(frame):
            wanted.mux(context.encode(part))
            count += part.samples
    for part in resampler.resample(None):
        wanted.mux(context.encode(part))
    wanted.mux(context.encode(None))
    if not count:
        _give_up("There is no sound in it.")


def _give_up(why: str) -> NoReturn:
    sys.stdout.write(why)
    sys.stdout.flush()
    sys.exit(NOT_MADE)


if __name__ == "__main__":
    main(*sys.argv[1:])
