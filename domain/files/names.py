"""What files are called, and what their names say of them."""

import re

from domain.files.rules import UNKNOWN_TYPE, MediaKind

FILE_NAME_LIMIT = 200  # characters
_EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "video/mp4": ("mp4", "m4v"),
    "video/3gpp": ("3gp", "3gpp", "3g2"),
    "audio/aac": ("aac",),
    "audio/amr": ("amr",),
    "audio/mpeg": ("mp3", "mpga"),
    "audio/mp4": ("m4a", "m4b", "mp4"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/webm": ("webm", "weba"),
    "application/pdf": ("pdf",),
    "application/msword": ("doc", "dot"),
    "application/vnd.ms-excel": ("xls", "xlt"),
    "application/vnd.ms-powerpoint": ("ppt", "pps", "pot"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
}


_OF_OTHERS = (  # types that can't be sent
    *(
        "apk",
        "avi",
        "avif",
        "bat",
        "bmp",
        "cmd",
        "com",
        "dll",
        "exe",
        "flac",
        "gif",
        "gz",
        "heic",
        "heif",
        "htm",
        "html",
    ),
    *("jar", "js", "lnk", "mkv", "mov", "msi", "ps1", "rar", "scr", "sh", "svg", "tar", "tif", "tiff", "vbs", "wav"),
    *("wma", "wmv", "xhtml", "zip", "7z"),
)


_ENDS_NAMES = frozenset({"com"})  # "Offer for shop.com" is a name, and gets the extension of its type
_IS_EXTENSION = re.compile(r"[A-Za-z0-9]{1,5}").fullmatch
_KNOWN = frozenset(_OF_OTHERS).union(*_EXTENSIONS.values())


def renamed(file_name: str | None, extension: str) -> str | None:
    """The name of a file that became another type's."""
    if file_name is None:
        return None
    stem, dot, ending = file_name.rpartition(".")
    return f"{stem if dot and stem and ending.lower() in _KNOWN else file_name}.{extension}"


def titled(kind: MediaKind, file_name: str | None, mime_type: str) -> str | None:
    """The safe name of a file as people have it on their disks: a document ends with what its type implies.

    Without that a phone, or a computer, does not know what to open it with. Only documents are shown by a name.
    """
    name = safe_name(file_name)
    if kind is not MediaKind.DOCUMENT:
        return name
    name = name or "document"
    implied = _EXTENSIONS.get(mime_type, ("txt",) if mime_type.startswith("text/") else ())
    stem, dot, extension = name.rpartition(".")
    is_text = mime_type == "text/plain" and _IS_EXTENSION(extension) is not None and extension.lower() not in _KNOWN
    has_one = bool(dot and stem) and (extension.lower() in implied or is_text)
    return safe_name(name if has_one or not implied else f"{name}.{implied[0]}")


def truly(mime_type: str, file_name: str | None) -> str:
    """The type of a file by its name, where the type told is a known mistake: Windows calls each .csv a spreadsheet."""
    is_csv = (file_name or "").lower().endswith(".csv")
    return "text/plain" if is_csv and mime_type == "application/vnd.ms-excel" else mime_type


def misnamed(file_name: str | None, mime_type: str) -> str | None:
    """Why a file of this type should not have this name: its extension is that of another. None where it may."""
    stem, dot, extension = (file_name or "").rpartition(".")
    suffix = extension.lower()
    if not (stem and dot) or suffix not in _KNOWN - _ENDS_NAMES or suffix in _EXTENSIONS.get(mime_type, ()):
        return None
    return f"A file with the name {stem[:40]}.{suffix} is not {mime_type}."


_NOT_IN_A_NAME = re.compile(
    '[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)


def plain_type(mime_type: str) -> str:
    """`Audio/OGG; codecs=opus` is `audio/ogg`; what is no MIME type at all is unknown."""
    plain = mime_type.split(";", 1)[0].strip().lower()
    return plain if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}", plain) else UNKNOWN_TYPE


def safe_name(sent_name: str | None) -> str | None:
    """A file's name without folders, control characters and marks that turn its reading around; None for no name.

    Cut to `FILE_NAME_LIMIT` characters before the extension, so that it still says what it is.
    """
    if sent_name is None:
        return None
    name = _NOT_IN_A_NAME.sub("_", re.split(r"[/\\]", sent_name)[-1]).strip(" .")
    if not name.strip("_"):
        return None
    if len(name) <= FILE_NAME_LIMIT:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 16:
        return name[:FILE_NAME_LIMIT]
    return stem[: FILE_NAME_LIMIT - len(extension) - 1] + dot + extension
