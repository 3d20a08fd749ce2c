"""What the control face refuses."""


class ControlError(Exception):
    """A control call refused; the text is the answer's `error`."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
