"""Between the scene and a job: volumes out, results in, studies told apart, the review, the way to a lesion.

>>> sent = send({"T1": t1, "FLAIR": flair}, folder)
>>> # … a job runs on sent.paths …
>>> run = place(slicer.mrmlScene, sent, result.files, result.report)
>>> jump_to_lesion(run.table, 0, run.segmentation)

Needs MRML and VTK only. Everything here belongs on the main thread.
"""

from .checks import check_volume, check_volumes
from .corner_text import CornerText
from .corrections import corrected_segments, own_segments, tag_corrections
from .dicom_seg import seg_problems
from .differences import add_differences
from .files import ENDINGS, small_ending, write_labels, write_table
from .marks import Role, is_synthetic, modality_of, role_of
from .navigation import jump, jump_to_lesion, lesion_place
from .removed import bring_back, can_bring_back, throw_away
from .results import Earlier, place
from .review import fill_views, know_layout, open_review, set_layout
from .review_layout import GROUP, LAYOUT, Cell, Row, review_cells, review_xml
from .runs import PlacedRun, clashing_runs, remove_run, run_of, runs_in, show_only
from .segmentation import FILL, is_in_3d, segment_ids, set_fill, show_in_3d, show_segment
from .sending import Sent, hardened, send, send_mask
from .studies import SceneStudy, candidate_volumes, studies_in, study_titles
from .terminologies import load_terms, term_file
from .view_words import ViewWords

__all__ = [
    "ENDINGS",
    "FILL",
    "GROUP",
    "LAYOUT",
    "Cell",
    "CornerText",
    "Earlier",
    "PlacedRun",
    "Role",
    "Row",
    "SceneStudy",
    "Sent",
    "ViewWords",
    "add_differences",
    "bring_back",
    "can_bring_back",
    "candidate_volumes",
    "check_volume",
    "check_volumes",
    "clashing_runs",
    "corrected_segments",
    "fill_views",
    "hardened",
    "is_in_3d",
    "is_synthetic",
    "jump",
    "jump_to_lesion",
    "know_layout",
    "lesion_place",
    "load_terms",
    "modality_of",
    "open_review",
    "own_segments",
    "place",
    "remove_run",
    "review_cells",
    "review_xml",
    "role_of",
    "run_of",
    "runs_in",
    "seg_problems",
    "segment_ids",
    "send",
    "send_mask",
    "set_fill",
    "set_layout",
    "show_in_3d",
    "show_only",
    "show_segment",
    "small_ending",
    "studies_in",
    "study_titles",
    "tag_corrections",
    "term_file",
    "throw_away",
    "write_labels",
    "write_table",
]
