"""Rotations as matrices, quaternions, axis times angle, Euler angles and six numbers, turned into each other.

Matrices here act on column vectors: x' = R x. Quaternions have the real part first. Gradients are finite for
every finite input.
"""

from .axis_angle import axis_angle_to_matrix as axis_angle_to_matrix
from .axis_angle import axis_angle_to_quaternion as axis_angle_to_quaternion
from .axis_angle import matrix_to_axis_angle as matrix_to_axis_angle
from .axis_angle import quaternion_to_axis_angle as quaternion_to_axis_angle
from .euler_angles import euler_angles_to_matrix as euler_angles_to_matrix
from .euler_angles import matrix_to_euler_angles as matrix_to_euler_angles
from .quaternions import matrix_to_quaternion as matrix_to_quaternion
from .quaternions import quaternion_apply as quaternion_apply
from .quaternions import quaternion_invert as quaternion_invert
from .quaternions import quaternion_multiply as quaternion_multiply
from .quaternions import quaternion_raw_multiply as quaternion_raw_multiply
from .quaternions import quaternion_to_matrix as quaternion_to_matrix
from .quaternions import standardize_quaternion as standardize_quaternion
from .random_rotations import random_quaternions as random_quaternions
from .random_rotations import random_rotation as random_rotation
from .random_rotations import random_rotations as random_rotations
from .rotation_6d import matrix_to_rotation_6d as matrix_to_rotation_6d
from .rotation_6d import rotation_6d_to_matrix as rotation_6d_to_matrix
