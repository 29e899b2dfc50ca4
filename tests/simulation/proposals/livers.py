"""Livers for the search: a ball with one lesion, and a block with forked trees and two lesions."""

import numpy as np

from tests.simulation.shapes import ball, block, grid_of, twin_of
from tests.simulation.test_perfusion import forked_tree
from twin.anatomy import LayerName

BALL_MM, LESION_MM, LESION_X_MM = 26.0, 5.0, 12.0


def ball_liver():
    """A ball of 26 mm with a lesion of 5 mm, 12 mm off its middle along x, and no trees."""
    grid = grid_of((60, 58, 58))
    return twin_of(grid, ball(grid, (0, 0, 0), BALL_MM), [ball(grid, (LESION_X_MM, 0, 0), LESION_MM)])


def forked_liver():
    """A block with a fork of each tree, its four territories, segments, and a lesion at the end of each branch."""
    grid = grid_of((70, 50, 30), (1.0, 1.0, 1.5))
    liver = block(grid, (25, 16, 16))
    x, y, _ = np.moveaxis(grid.lps_from_ijk(np.stack(np.indices(grid.shape_kji)[::-1], axis=-1)), -1, 0)
    branch = np.where(liver, np.where(y > 0, 2, 3), 0).astype(np.uint16)
    couinaud = np.where(liver, np.where(y > 0, np.where(x > 0, 8, 7), np.where(x > 0, 5, 6)), 0).astype(np.uint8)
    layers = {LayerName.PORTAL_BRANCH: branch, LayerName.VENOUS_BRANCH: branch, LayerName.COUINAUD: couinaud}
    graphs = {"portal": forked_tree("portal", 0), "hepatic": forked_tree("hepatic", 5)}
    lesions = [ball(grid, (17, 9, 2), 4), ball(grid, (6, -11, -4), 3)]
    return twin_of(grid, liver, lesions, derived=layers, graphs=graphs)
