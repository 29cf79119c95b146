"""Numbers to pages: an evaluation, and runs side by side, each as JSON and as one HTML file that needs no other."""

from .evaluation_page import evaluation_page
from .files import find_evaluation, read_evaluation, write_evaluation
from .numbers import numbers_of

__all__ = ["evaluation_page", "find_evaluation", "numbers_of", "read_evaluation", "write_evaluation"]
