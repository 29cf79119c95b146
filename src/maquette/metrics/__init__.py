"""Measures of how good a reconstruction is, and named protocols of evaluation.

A measure gives one number a sample; `averages` makes means of them, always over samples and over classes. What a
protocol fixes is data (`PROTOCOLS`), not code.
"""

from .average_precision import average_precision
from .averages import Averages, averages
from .fscore import fscore, surface_points
from .log_loss import log_loss, log_loss_from_logits
from .protocols import PROTOCOLS, STUDY_VIEWS, EvaluationProtocol
from .voxel_iou import voxel_iou

__all__ = [
    "PROTOCOLS",
    "STUDY_VIEWS",
    "Averages",
    "EvaluationProtocol",
    "average_precision",
    "averages",
    "fscore",
    "log_loss",
    "log_loss_from_logits",
    "surface_points",
    "voxel_iou",
]
