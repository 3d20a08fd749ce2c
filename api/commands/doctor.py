"""What is wrong, and what to do about it."""

from api.operating.process import DONE, REFUSED, run, say


def doctor() -> int:
    """Every setting, and what is wrong with database, page, tokens and webhooks. Exit 1 where anything is."""
    from api.logs import set_up_logs
    from api.operating.examination import examine
    from api.settings import read_settings

    set_up_logs("console")
    settings = read_settings()
    report = run(examine(settings))
    for line in report.lines:
        say(line)
    return REFUSED if report.faults else DONE
