"""Are known motions between any two sequences found again, and are aligned ones left alone? `make bench-registration`.

An argument says of how many pairs; the bar is on 60.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAIRS = 60
MOST_MM, MOST_DEG = 1.0, 1.0
HARM_MM = 0.5


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    from reporting import report

    return 0 if report("registration", measure(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)) else 1


def measure(count: int) -> list[dict]:
    import numpy as np
    import SimpleITK as sitk  # noqa: N813
    from registration_pairs import errors, make_pair, moved
    from reporting import row

    from MissingModalitySegLib.engine.registration import Fixed, register

    found, harm, seconds = [], [], []
    for number in range(count):
        pair = make_pair(number)
        start = time.process_time()
        motion = register(Fixed.of(pair.fixed), pair.moving)
        seconds.append(time.process_time() - start)
        found.append(errors(motion.transform, pair.truth))
        aligned = moved(pair.moving, sitk.Euler3DTransform(pair.truth.GetInverse()))
        harm.append(errors(register(Fixed.of(pair.fixed), aligned).transform, sitk.Euler3DTransform())[0])
        print(
            f"{pair.name}: {found[-1][0]:.2f} mm, {found[-1][1]:.2f}°; aligned: {harm[-1]:.2f} mm; "
            f"{seconds[-1]:.1f} s; agreement {motion.before:.3f} → {motion.after:.3f}",
            flush=True,
        )
    recovered = [mm <= MOST_MM and degrees <= MOST_DEG for mm, degrees in found]
    how = f"{count} pairs of simulated sequences at 2.5 mm, moved by up to 10 mm and 10°"
    return [
        row("recovered_share", float(np.mean(recovered)), bar=0.95, better="higher", how=f"to 1 mm and 1°; {how}"),
        row("median_error_mm", float(np.median([mm for mm, _ in found])), bar=None, better="lower", how=how),
        row("median_error_deg", float(np.median([a for _, a in found])), bar=None, better="lower", how=how),
        row("aligned_moved_mm", max(harm), bar=HARM_MM, better="lower", how=f"the same {count} pairs, unmoved: most"),
        row("seconds", float(np.median(seconds)), bar=10.0, better="lower", how="processor time of one volume, median"),
    ]


if __name__ == "__main__":
    sys.exit(main())
