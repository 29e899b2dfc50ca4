"""The domain of TwinSight: space, volumes, labels, vessels, the twin, plans and the case.

Patient space is DICOM LPS in millimetres everywhere; voxel arrays are ``voxels[k, j, i]``.
"""
