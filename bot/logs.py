"""What is logged, and how: event words and ids, a line each; never a text, a name or a token."""

import logging
import sys

import structlog


def to_stderr(level: int = logging.WARNING) -> None:
    """Log from this level on, as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
