"""3D-R2N2 (Choy et al., ECCV 2016): any number of pictures to a voxel grid by a 3D convolutional recurrence."""
