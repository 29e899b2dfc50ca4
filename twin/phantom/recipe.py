"""What a phantom is made of: a seed, a patient's size, a scan, an optional set of lesions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256

from twin.errors import UsageError
from twin.volume import ContrastPhase

__all__ = ["BodyPart", "LesionKind", "LesionRecipe", "PhantomRecipe"]


class BodyPart(StrEnum):
    """What the scan shows."""

    ABDOMEN = "abdomen"
    THIGH = "thigh"


class LesionKind(StrEnum):
    """How a lesion looks in the portal phase."""

    METASTASIS = "metastasis"  # darker than liver, blurred rim
    CYST = "cyst"  # water, sharp
    HYPERVASCULAR = "hypervascular"  # brighter than liver
    PANCREATIC = "pancreatic"  # ductal cancer: slightly darker than the gland


@dataclass(frozen=True)
class LesionRecipe:
    """One lesion: its place, size and look.

    Parameters
    ----------
    place
        Couinaud segment (``"1"``, ``"2"``, ``"3"``, ``"4a"``, ``"4b"``, ``"5"`` ... ``"8"``) or
        ``"pancreas.head"``, ``"pancreas.body"``, ``"pancreas.tail"``.
    diameter_mm
        Mean diameter.
    kind
        Look of the lesion.
    """

    place: str
    diameter_mm: float
    kind: LesionKind = LesionKind.METASTASIS

    def __post_init__(self) -> None:
        if self.place not in _PLACES:
            raise UsageError("error.phantom.unknown_place", place=self.place, places=", ".join(_PLACES))
        if not 4.0 <= self.diameter_mm <= 120.0:
            raise UsageError("error.phantom.lesion_size", diameter_mm=self.diameter_mm)

    @property
    def is_pancreatic(self) -> bool:
        """True when the lesion lies in the pancreas."""
        return self.place.startswith("pancreas.")


_PLACES = ("1", "2", "3", "4a", "4b", "5", "6", "7", "8", "pancreas.head", "pancreas.body", "pancreas.tail")
_DEFAULT_LESIONS = (LesionRecipe("8", 32.0), LesionRecipe("6", 22.0), LesionRecipe("3", 14.0))


@dataclass(frozen=True)
class PhantomRecipe:
    """Everything that determines a phantom: the same recipe gives the same voxels.

    Parameters
    ----------
    seed
        Draws the individual: sizes, positions, branching, contrast.
    body_part
        Abdomen, or a thigh (no abdominal organ at all, for negative tests).
    size_ijk, spacing_ijk_mm
        Voxels of the scan. The abdomen is centred on the liver.
    liver_volume_ml
        Wanted volume of the liver, or None: drawn by the seed around 1500 ml.
    lesions
        Lesions of the liver and the pancreas.
    portal_terminals, hepatic_terminals
        Number of end branches of the two trees of the liver.
    phase
        Contrast phase of the main series: portal or arterial.
    contrast_spread
        0 keeps the contrast of an ordinary portal phase; 1 randomises enhancement, fat and noise widely
        (between patients, injections and scanners), for training.
    noise_scale
        Factor on the noise of the scanner; 0 gives a noiseless image.

    Examples
    --------
    >>> PhantomRecipe.small().shape_kji
    (150, 116, 168)
    """

    seed: int = 1
    body_part: BodyPart = BodyPart.ABDOMEN
    size_ijk: tuple[int, int, int] = (512, 512, 150)
    spacing_ijk_mm: tuple[float, float, float] = (0.75, 0.75, 2.0)
    liver_volume_ml: float | None = None
    lesions: tuple[LesionRecipe, ...] = _DEFAULT_LESIONS
    portal_terminals: int = 420
    hepatic_terminals: int = 320
    phase: ContrastPhase = ContrastPhase.PORTAL
    contrast_spread: float = 0.0
    noise_scale: float = 1.0

    def __post_init__(self) -> None:
        if min(self.size_ijk) < 8 or min(self.spacing_ijk_mm) <= 0.0:
            raise UsageError("error.phantom.bad_size", size=str(self.size_ijk), spacing=str(self.spacing_ijk_mm))
        if self.liver_volume_ml is not None and not 700.0 <= self.liver_volume_ml <= 3000.0:
            raise UsageError("error.phantom.liver_volume", volume_ml=self.liver_volume_ml)
        if self.phase not in (ContrastPhase.PORTAL, ContrastPhase.ARTERIAL):
            raise UsageError("error.phantom.phase", phase=self.phase.value)

    @classmethod
    def small(cls, seed: int = 1, **changes: object) -> PhantomRecipe:
        """Return a recipe for tests: voxels of 2.25 x 2.25 x 2 mm, thinner trees, made in a few seconds."""
        recipe = cls(
            seed=seed,
            size_ijk=(168, 116, 150),
            spacing_ijk_mm=(2.25, 2.25, 2.0),
            portal_terminals=120,
            hepatic_terminals=90,
        )
        return replace(recipe, **changes)  # type: ignore[arg-type]

    @classmethod
    def limb(cls, seed: int = 1) -> PhantomRecipe:
        """Return the recipe of a thigh: bone, muscle, fat and skin, no organ of the abdomen."""
        return cls(
            seed=seed,
            body_part=BodyPart.THIGH,
            size_ijk=(256, 256, 60),
            spacing_ijk_mm=(1.0, 1.0, 2.5),
            lesions=(),
        )

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Shape of the voxel arrays."""
        i, j, k = self.size_ijk
        return (k, j, i)

    @property
    def anatomy_hash(self) -> str:
        """SHA-256 of what makes the individual, whatever the scan: phases of one study share it."""
        anatomy = (self.seed, self.body_part, self.liver_volume_ml, self.lesions, self.portal_terminals,
                   self.hepatic_terminals)  # fmt: skip
        return sha256(repr(anatomy).encode()).hexdigest()

    @property
    def hash(self) -> str:
        """SHA-256 of the recipe: names the phantom and gives its DICOM UIDs."""
        return sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()
