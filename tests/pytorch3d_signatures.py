"""What PyTorch3D 0.7.9 calls things: its documented names, the arguments of each in order, by module path.

Arguments before `*` may be given by position, those after it by keyword only.
"""

# ruff: noqa: E501

FUNCTIONS = {
    "structures.meshes": {
        "Meshes": "verts faces textures * verts_normals",
        "join_meshes_as_batch": "meshes include_textures",
        "join_meshes_as_scene": "meshes include_textures",
    },
    "structures.pointclouds": {
        "Pointclouds": "points normals features",
        "join_pointclouds_as_batch": "pointclouds",
        "join_pointclouds_as_scene": "pointclouds",
    },
    "structures.utils": {
        "list_to_packed": "x",
        "list_to_padded": "x pad_size pad_value equisized",
        "packed_to_list": "x split_size",
        "padded_to_list": "x split_size",
        "padded_to_packed": "x split_size pad_value",
    },
    "transforms.transform3d": {
        "Transform3d": "dtype device matrix",
        "Translate": "x y z dtype device",
        "Scale": "x y z dtype device",
        "Rotate": "R dtype device orthogonal_tol",
        "RotateAxisAngle": "angle axis degrees dtype device",
    },
    "transforms.rotation_conversions": {
        "axis_angle_to_matrix": "axis_angle fast",
        "axis_angle_to_quaternion": "axis_angle",
        "euler_angles_to_matrix": "euler_angles convention",
        "matrix_to_axis_angle": "matrix fast",
        "matrix_to_euler_angles": "matrix convention",
        "matrix_to_quaternion": "matrix",
        "matrix_to_rotation_6d": "matrix",
        "quaternion_apply": "quaternion point",
        "quaternion_invert": "quaternion",
        "quaternion_multiply": "a b",
        "quaternion_raw_multiply": "a b",
        "quaternion_to_axis_angle": "quaternions",
        "quaternion_to_matrix": "quaternions",
        "random_quaternions": "n dtype device",
        "random_rotation": "dtype device",
        "random_rotations": "n dtype device",
        "rotation_6d_to_matrix": "d6",
        "standardize_quaternion": "quaternions",
    },
    "transforms.so3": {
        "so3_exp_map": "log_rot eps",
        "so3_exponential_map": "log_rot eps",
        "so3_log_map": "R eps cos_bound",
        "so3_relative_angle": "R1 R2 cos_angle cos_bound eps",
        "so3_rotation_angle": "R eps cos_angle cos_bound",
        "hat": "v",
        "hat_inv": "h",
    },
    "transforms.se3": {
        "se3_exp_map": "log_transform eps",
        "se3_log_map": "transform eps cos_bound",
    },
    "transforms.math": {
        "acos_linear_extrapolation": "x bounds",
    },
    "renderer.cameras": {
        "CamerasBase": "dtype device **kwargs",
        "FoVPerspectiveCameras": "znear zfar aspect_ratio fov degrees R T K device",
        "PerspectiveCameras": "focal_length principal_point R T K device in_ndc image_size",
        "FoVOrthographicCameras": "znear zfar max_y min_y max_x min_x scale_xyz R T K device",
        "OrthographicCameras": "focal_length principal_point R T K device in_ndc image_size",
        "OpenGLPerspectiveCameras": "znear zfar aspect_ratio fov degrees R T device",
        "OpenGLOrthographicCameras": "znear zfar top bottom left right scale_xyz R T device",
        "SfMPerspectiveCameras": "focal_length principal_point R T device",
        "SfMOrthographicCameras": "focal_length principal_point R T device",
        "look_at_view_transform": "dist elev azim degrees eye at up device",
        "look_at_rotation": "camera_position at up device",
        "camera_position_from_spherical_angles": "distance elevation azimuth degrees device",
        "get_world_to_view_transform": "R T",
        "get_ndc_to_screen_transform": "cameras with_xyflip image_size",
        "get_screen_to_ndc_transform": "cameras with_xyflip image_size",
        "try_get_projection_transform": "cameras cameras_kwargs",
    },
    "renderer.camera_utils": {
        "camera_to_eye_at_up": "world_to_view_transform",
        "rotate_on_spot": "R T rotation",
        "join_cameras_as_batch": "cameras_list",
    },
    "renderer.mesh.rasterizer": {
        "RasterizationSettings": "image_size blur_radius faces_per_pixel bin_size max_faces_opengl max_faces_per_bin perspective_correct clip_barycentric_coords cull_backfaces z_clip_value cull_to_frustum",
        "MeshRasterizer": "cameras raster_settings",
        "Fragments": "pix_to_face zbuf bary_coords dists",
    },
    "datasets": {
        "ShapeNetCore": "data_dir synsets version load_textures texture_resolution",
        "R2N2": "split shapenet_dir r2n2_dir splits_file return_all_views return_voxels views_rel_path voxels_rel_path load_textures texture_resolution",
        "BlenderCamera": "R T K device",
        "collate_batched_meshes": "batch",
        "collate_batched_R2N2": "batch",
        "render_cubified_voxels": "voxels shader_type device **kwargs",
    },
    "renderer.points.rasterizer": {
        "PointsRasterizationSettings": "image_size radius points_per_pixel bin_size max_points_per_bin",
        "PointsRasterizer": "cameras raster_settings",
        "PointFragments": "idx zbuf dists",
    },
    "renderer.points.rasterize_points": {
        "rasterize_points": "pointclouds image_size radius points_per_pixel bin_size max_points_per_bin",
    },
    "renderer.points.renderer": {"PointsRenderer": "rasterizer compositor"},
    "renderer.points.compositor": {
        "AlphaCompositor": "background_color",
        "NormWeightedCompositor": "background_color",
    },
    "renderer.compositing": {
        "alpha_composite": "pointsidx alphas pt_clds",
        "norm_weighted_sum": "pointsidx alphas pt_clds",
        "weighted_sum": "pointsidx alphas pt_clds",
    },
    "renderer.mesh.rasterize_meshes": {
        "barycentric_coordinates": "p v0 v1 v2",
        "rasterize_meshes": "meshes image_size blur_radius faces_per_pixel bin_size max_faces_per_bin perspective_correct clip_barycentric_coords cull_backfaces z_clip_value cull_to_frustum",
    },
    "renderer.mesh.renderer": {
        "MeshRenderer": "rasterizer shader",
        "MeshRendererWithFragments": "rasterizer shader",
    },
    "renderer.mesh.shader": {
        "ShaderBase": "device cameras lights materials blend_params",
        "HardPhongShader": "device cameras lights materials blend_params",
        "SoftPhongShader": "device cameras lights materials blend_params",
        "HardGouraudShader": "device cameras lights materials blend_params",
        "SoftGouraudShader": "device cameras lights materials blend_params",
        "HardFlatShader": "device cameras lights materials blend_params",
        "SoftSilhouetteShader": "blend_params",
        "HardDepthShader": "device cameras lights materials blend_params",
        "SoftDepthShader": "device cameras lights materials blend_params",
        "SplatterPhongShader": "device cameras lights materials blend_params",
        "TexturedSoftPhongShader": "device cameras lights materials blend_params",
    },
    "renderer.mesh.shading": {
        "phong_shading": "meshes fragments lights cameras materials texels",
        "gouraud_shading": "meshes fragments lights cameras materials",
        "flat_shading": "meshes fragments lights cameras materials texels",
    },
    "renderer.mesh.textures": {
        "Textures": "maps faces_uvs verts_uvs verts_rgb",
        "TexturesBase": "",
        "TexturesVertex": "verts_features",
        "TexturesUV": "maps faces_uvs verts_uvs * maps_ids padding_mode align_corners sampling_mode",
        "TexturesAtlas": "atlas",
    },
    "renderer.mesh.clip": {
        "ClipFrustum": "left right top bottom znear zfar perspective_correct cull z_clip_value",
        "ClippedFaces": "face_verts mesh_to_face_first_idx num_faces_per_mesh faces_clipped_to_unclipped_idx barycentric_conversion faces_clipped_to_conversion_idx clipped_faces_neighbor_idx",
        "clip_faces": "face_verts_unclipped mesh_to_face_first_idx num_faces_per_mesh frustum",
        "convert_clipped_rasterization_to_original_faces": "pix_to_face_clipped bary_coords_clipped clipped_faces",
    },
    "renderer.lighting": {
        "PointLights": "ambient_color diffuse_color specular_color location device",
        "DirectionalLights": "ambient_color diffuse_color specular_color direction device",
        "AmbientLights": "* ambient_color device",
        "diffuse": "normals color direction",
        "specular": "points normals direction color camera_position shininess",
    },
    "renderer.materials": {
        "Materials": "ambient_color diffuse_color specular_color shininess device",
    },
    "renderer.blending": {
        "BlendParams": "sigma gamma background_color",
        "hard_rgb_blend": "colors fragments blend_params",
        "softmax_rgb_blend": "colors fragments blend_params znear zfar",
        "sigmoid_alpha_blend": "colors fragments blend_params",
    },
    "renderer.splatter_blend": {
        "SplatterBlender": "input_shape device",
    },
    "renderer.utils": {
        "TensorProperties": "dtype device **kwargs",
        "TensorAccessor": "class_object index",
        "format_tensor": "input dtype device",
        "convert_to_tensors_and_broadcast": "*args dtype device",
        "ndc_grid_sample": "input grid_ndc * align_corners **grid_sample_kwargs",
        "ndc_to_grid_sample_coords": "xy_ndc image_size_hw",
    },
    "ops.knn": {
        "knn_points": "p1 p2 lengths1 lengths2 norm K version return_nn return_sorted",
        "knn_gather": "x idx lengths",
    },
    "ops.ball_query": {
        "ball_query": "p1 p2 lengths1 lengths2 K radius return_nn skip_points_outside_cube",
    },
    "ops.sample_farthest_points": {
        "sample_farthest_points": "points lengths K random_start_point",
        "sample_farthest_points_naive": "points lengths K random_start_point",
    },
    "ops.sample_points_from_meshes": {
        "sample_points_from_meshes": "meshes num_samples return_normals return_textures",
    },
    "ops.cubify": {
        "cubify": "voxels thresh * feats device align",
    },
    "ops.vert_align": {
        "vert_align": "feats verts return_packed interp_mode padding_mode align_corners",
    },
    "ops.graph_conv": {
        "GraphConv": "input_dim output_dim init directed",
        "gather_scatter": "input edges directed",
    },
    "ops.laplacian_matrices": {
        "laplacian": "verts edges",
        "cot_laplacian": "verts faces eps",
        "norm_laplacian": "verts edges eps",
    },
    "ops.marching_cubes": {
        "marching_cubes": "vol_batch isolevel return_local_coords",
        "marching_cubes_naive": "vol_batch isolevel return_local_coords",
    },
    "ops.subdivide_meshes": {
        "SubdivideMeshes": "meshes",
    },
    "ops.mesh_filtering": {
        "taubin_smoothing": "meshes lambd mu num_iter",
    },
    "ops.interp_face_attrs": {
        "interpolate_face_attributes": "pix_to_face barycentric_coords face_attributes",
    },
    "ops.mesh_face_areas_normals": {
        "mesh_face_areas_normals": "verts faces",
    },
    "ops.packed_to_padded": {
        "packed_to_padded": "inputs first_idxs max_size",
        "padded_to_packed": "inputs first_idxs num_inputs max_size_dim",
    },
    "ops.points_alignment": {
        "corresponding_points_alignment": "X Y weights estimate_scale allow_reflection eps",
        "iterative_closest_point": "X Y init_transform max_iterations relative_rmse_thr estimate_scale allow_reflection verbose",
        "ICPSolution": "converged rmse Xt RTs t_history",
        "SimilarityTransform": "R T s",
    },
    "ops.points_normals": {
        "estimate_pointcloud_normals": "pointclouds neighborhood_size disambiguate_directions * use_symeig_workaround",
        "estimate_pointcloud_local_coord_frames": "pointclouds neighborhood_size disambiguate_directions * use_symeig_workaround",
    },
    "ops.utils": {
        "convert_pointclouds_to_tensor": "pcl",
        "eyes": "dim N device dtype",
        "get_point_covariances": "points_padded num_points_per_cloud neighborhood_size",
        "is_pointclouds": "pcl",
        "wmean": "x weight dim keepdim eps",
        "masked_gather": "points idx",
    },
    "loss.chamfer": {
        "chamfer_distance": "x y x_lengths y_lengths x_normals y_normals weights batch_reduction point_reduction norm single_directional abs_cosine",
    },
    "loss.mesh_edge_loss": {
        "mesh_edge_loss": "meshes target_length",
    },
    "loss.mesh_laplacian_smoothing": {
        "mesh_laplacian_smoothing": "meshes method",
    },
    "loss.mesh_normal_consistency": {
        "mesh_normal_consistency": "meshes",
    },
    "loss.point_mesh_distance": {
        "point_mesh_edge_distance": "meshes pcls",
        "point_mesh_face_distance": "meshes pcls min_triangle_area",
    },
    "io.obj_io": {
        "load_obj": "f load_textures create_texture_atlas texture_atlas_size texture_wrap device path_manager",
        "load_objs_as_meshes": "files device load_textures create_texture_atlas texture_atlas_size texture_wrap path_manager",
        "save_obj": "f verts faces decimal_places path_manager * normals faces_normals_idx verts_uvs faces_uvs texture_map",
    },
    "io.ply_io": {
        "load_ply": "f * path_manager",
        "save_ply": "f verts faces verts_normals ascii decimal_places path_manager",
    },
    "io.pluggable": {
        "IO": "include_default_formats path_manager",
    },
    "io.experimental_gltf_io": {
        "MeshGlbFormat": "",
    },
    "utils.ico_sphere": {
        "ico_sphere": "level device",
    },
    "utils.torus": {
        "torus": "r R sides rings device",
    },
    "utils.checkerboard": {
        "checkerboard": "radius color1 color2 device",
    },
    "utils.camera_conversions": {
        "cameras_from_opencv_projection": "R tvec camera_matrix image_size",
        "opencv_from_cameras_projection": "cameras image_size",
    },
    "vis.plotly_vis": {
        "AxisArgs": "showgrid zeroline showline ticks showticklabels backgroundcolor showaxeslabels",
        "Lighting": "ambient diffuse fresnel specular roughness facenormalsepsilon vertexnormalsepsilon",
        "get_camera_wireframe": "scale",
        "plot_scene": "plots * viewpoint_cameras ncols camera_scale pointcloud_max_points pointcloud_marker_size raybundle_max_rays raybundle_max_points_per_ray raybundle_ray_point_marker_size raybundle_ray_line_width **kwargs",
        "plot_batch_individually": "batched_structs * viewpoint_cameras ncols extend_struct subplot_titles **kwargs",
    },
    "vis.texture_vis": {
        "texturesuv_image_matplotlib": "texture * texture_index radius color subsample origin",
        "texturesuv_image_PIL": "texture * texture_index radius color subsample",
    },
    "common.compat": {
        "meshgrid_ij": "*A",
    },
    "common.datatypes": {
        "get_device": "x device",
        "make_device": "device",
    },
}
"""Module -> name -> arguments (a class's are those of its constructor)."""

METHODS = {
    "structures.meshes.Meshes": {
        "isempty": "",
        "verts_list": "",
        "faces_list": "",
        "verts_packed": "",
        "verts_packed_to_mesh_idx": "",
        "mesh_to_verts_packed_first_idx": "",
        "num_verts_per_mesh": "",
        "faces_packed": "",
        "faces_packed_to_mesh_idx": "",
        "mesh_to_faces_packed_first_idx": "",
        "verts_padded": "",
        "faces_padded": "",
        "num_faces_per_mesh": "",
        "edges_packed": "",
        "edges_packed_to_mesh_idx": "",
        "mesh_to_edges_packed_first_idx": "",
        "faces_packed_to_edges_packed": "",
        "num_edges_per_mesh": "",
        "verts_padded_to_packed_idx": "",
        "has_verts_normals": "",
        "verts_normals_packed": "",
        "verts_normals_list": "",
        "verts_normals_padded": "",
        "faces_normals_packed": "",
        "faces_normals_list": "",
        "faces_normals_padded": "",
        "faces_areas_packed": "",
        "laplacian_packed": "",
        "clone": "",
        "detach": "",
        "to": "device copy",
        "cpu": "",
        "cuda": "",
        "get_mesh_verts_faces": "index",
        "split": "split_sizes",
        "offset_verts_": "vert_offsets_packed",
        "offset_verts": "vert_offsets_packed",
        "scale_verts_": "scale",
        "scale_verts": "scale",
        "update_padded": "new_verts_padded",
        "get_bounding_boxes": "",
        "extend": "N",
        "sample_textures": "fragments",
        "submeshes": "face_indices",
    },
    "structures.pointclouds.Pointclouds": {
        "isempty": "",
        "points_list": "",
        "normals_list": "",
        "features_list": "",
        "points_packed": "",
        "normals_packed": "",
        "features_packed": "",
        "packed_to_cloud_idx": "",
        "cloud_to_packed_first_idx": "",
        "num_points_per_cloud": "",
        "points_padded": "",
        "normals_padded": "",
        "features_padded": "",
        "padded_to_packed_idx": "",
        "clone": "",
        "detach": "",
        "to": "device copy",
        "cpu": "",
        "cuda": "",
        "get_cloud": "index",
        "split": "split_sizes",
        "offset_": "offsets_packed",
        "offset": "offsets_packed",
        "subsample": "max_points",
        "scale_": "scale",
        "scale": "scale",
        "get_bounding_boxes": "",
        "estimate_normals": "neighborhood_size disambiguate_directions assign_to_self",
        "extend": "N",
        "update_padded": "new_points_padded new_normals_padded new_features_padded",
        "inside_box": "box",
    },
    "transforms.transform3d.Transform3d": {
        "compose": "*others",
        "get_matrix": "",
        "get_se3_log": "eps cos_bound",
        "inverse": "invert_composed",
        "stack": "*others",
        "transform_points": "points eps",
        "transform_normals": "normals",
        "translate": "*args **kwargs",
        "scale": "*args **kwargs",
        "rotate": "*args **kwargs",
        "rotate_axis_angle": "*args **kwargs",
        "clone": "",
        "to": "device copy dtype",
        "cpu": "",
        "cuda": "",
    },
    "renderer.cameras.CamerasBase": {
        "get_projection_transform": "**kwargs",
        "unproject_points": "xy_depth **kwargs",
        "get_camera_center": "**kwargs",
        "get_world_to_view_transform": "**kwargs",
        "get_full_projection_transform": "**kwargs",
        "transform_points": "points eps **kwargs",
        "get_ndc_camera_transform": "**kwargs",
        "transform_points_ndc": "points eps **kwargs",
        "transform_points_screen": "points eps with_xyflip **kwargs",
        "clone": "",
        "is_perspective": "",
        "in_ndc": "",
        "get_znear": "",
        "get_image_size": "",
    },
    "renderer.mesh.textures.TexturesBase": {
        "isempty": "",
        "to": "device",
        "sample_textures": "",
        "submeshes": "vertex_ids_list faces_ids_list",
        "faces_verts_textures_packed": "",
        "clone": "",
        "detach": "",
    },
    "renderer.mesh.textures.TexturesAtlas": {
        "clone": "",
        "detach": "",
        "atlas_padded": "",
        "atlas_list": "",
        "atlas_packed": "",
        "extend": "N",
        "sample_textures": "fragments faces_packed",
        "submeshes": "vertex_ids_list faces_ids_list",
        "faces_verts_textures_packed": "",
        "join_batch": "textures",
        "join_scene": "",
        "check_shapes": "batch_size max_num_verts max_num_faces",
    },
    "renderer.mesh.textures.TexturesUV": {
        "clone": "",
        "detach": "",
        "faces_uvs_padded": "",
        "faces_uvs_list": "",
        "verts_uvs_padded": "",
        "verts_uvs_list": "",
        "maps_ids_padded": "",
        "maps_ids_list": "",
        "maps_padded": "",
        "maps_list": "",
        "extend": "N",
        "sample_textures": "fragments faces_packed",
        "faces_verts_textures_packed": "",
        "join_batch": "textures",
        "join_scene": "",
        "centers_for_image": "index",
        "check_shapes": "batch_size max_num_verts max_num_faces",
        "submeshes": "vertex_ids_list faces_ids_list",
    },
    "renderer.mesh.textures.TexturesVertex": {
        "clone": "",
        "detach": "",
        "verts_features_padded": "",
        "verts_features_list": "",
        "verts_features_packed": "",
        "extend": "N",
        "sample_textures": "fragments faces_packed",
        "submeshes": "vertex_ids_list faces_ids_list",
        "faces_verts_textures_packed": "faces_packed",
        "join_batch": "textures",
        "join_scene": "",
        "check_shapes": "batch_size max_num_verts max_num_faces",
    },
    "renderer.utils.TensorProperties": {
        "isempty": "",
        "to": "device",
        "cpu": "",
        "cuda": "device",
        "clone": "other",
        "gather_props": "batch_idx",
    },
    "renderer.points.rasterizer.PointsRasterizer": {
        "to": "device",
        "transform": "point_clouds **kwargs",
        "forward": "point_clouds **kwargs",
    },
    "renderer.mesh.rasterizer.MeshRasterizer": {
        "to": "device",
        "transform": "meshes_world **kwargs",
        "forward": "meshes_world **kwargs",
    },
    "io.pluggable.IO": {
        "register_default_formats": "",
        "register_meshes_format": "interpreter",
        "register_pointcloud_format": "interpreter",
        "load_mesh": "path include_textures device **kwargs",
        "save_mesh": "data path binary include_textures **kwargs",
        "load_pointcloud": "path device **kwargs",
        "save_pointcloud": "data path binary **kwargs",
    },
    "ops.subdivide_meshes.SubdivideMeshes": {
        "subdivide_faces": "meshes",
        "forward": "meshes feats",
        "subdivide_homogeneous": "meshes feats",
        "subdivide_heterogenerous": "meshes feats",
    },
    "renderer.lighting.DirectionalLights": {
        "clone": "",
        "diffuse": "normals points",
        "specular": "normals points camera_position shininess",
    },
    "renderer.lighting.PointLights": {
        "clone": "",
        "reshape_location": "points",
        "diffuse": "normals points",
        "specular": "normals points camera_position shininess",
    },
    "renderer.lighting.AmbientLights": {
        "clone": "",
        "diffuse": "normals points",
        "specular": "normals points camera_position shininess",
    },
}
"""Class -> method -> arguments."""

PACKAGES = {
    "structures": (
        "join_meshes_as_batch join_meshes_as_scene Meshes join_pointclouds_as_batch join_pointclouds_as_scene "
        "Pointclouds list_to_packed list_to_padded packed_to_list padded_to_list"
    ),
    "transforms": (
        "acos_linear_extrapolation axis_angle_to_matrix axis_angle_to_quaternion euler_angles_to_matrix "
        "matrix_to_axis_angle matrix_to_euler_angles matrix_to_quaternion matrix_to_rotation_6d "
        "quaternion_apply quaternion_invert quaternion_multiply quaternion_raw_multiply "
        "quaternion_to_axis_angle quaternion_to_matrix random_quaternions random_rotation random_rotations "
        "rotation_6d_to_matrix standardize_quaternion se3_exp_map se3_log_map so3_exp_map so3_exponential_map "
        "so3_log_map so3_relative_angle so3_rotation_angle Rotate RotateAxisAngle Scale Transform3d Translate"
    ),
    "renderer": (
        "BlendParams hard_rgb_blend sigmoid_alpha_blend softmax_rgb_blend join_cameras_as_batch "
        "rotate_on_spot camera_position_from_spherical_angles CamerasBase FoVOrthographicCameras "
        "FoVPerspectiveCameras get_world_to_view_transform look_at_rotation look_at_view_transform "
        "OpenGLOrthographicCameras OpenGLPerspectiveCameras OrthographicCameras PerspectiveCameras "
        "SfMOrthographicCameras SfMPerspectiveCameras AmbientLights diffuse DirectionalLights PointLights "
        "specular Materials gouraud_shading HardFlatShader HardGouraudShader HardPhongShader MeshRasterizer "
        "MeshRenderer MeshRendererWithFragments phong_shading RasterizationSettings rasterize_meshes "
        "SoftGouraudShader SoftPhongShader SoftSilhouetteShader SplatterPhongShader Textures TexturesAtlas TexturesUV "
        "TexturesVertex convert_to_tensors_and_broadcast ndc_grid_sample ndc_to_grid_sample_coords "
        "TensorProperties AlphaCompositor NormWeightedCompositor PointsRasterizationSettings PointsRasterizer "
        "PointsRenderer rasterize_points"
    ),
    "renderer.points": (
        "AlphaCompositor NormWeightedCompositor rasterize_points PointsRasterizationSettings PointsRasterizer "
        "PointsRenderer"
    ),
    "renderer.mesh": (
        "clip_faces ClipFrustum ClippedFaces convert_clipped_rasterization_to_original_faces rasterize_meshes "
        "MeshRasterizer RasterizationSettings MeshRenderer MeshRendererWithFragments BlendParams "
        "HardFlatShader HardGouraudShader HardPhongShader SoftGouraudShader SoftPhongShader "
        "SoftSilhouetteShader TexturedSoftPhongShader gouraud_shading phong_shading Textures TexturesAtlas "
        "TexturesBase TexturesUV TexturesVertex"
    ),
    "ops": (
        "ball_query cubify GraphConv interpolate_face_attributes knn_gather knn_points cot_laplacian "
        "laplacian norm_laplacian mesh_face_areas_normals taubin_smoothing packed_to_padded padded_to_packed "
        "corresponding_points_alignment iterative_closest_point estimate_pointcloud_local_coord_frames "
        "estimate_pointcloud_normals sample_farthest_points sample_points_from_meshes SubdivideMeshes "
        "convert_pointclouds_to_tensor eyes get_point_covariances is_pointclouds wmean vert_align"
    ),
    "loss": (
        "chamfer_distance mesh_edge_loss mesh_laplacian_smoothing mesh_normal_consistency "
        "point_mesh_edge_distance point_mesh_face_distance"
    ),
    "io": ("load_obj load_objs_as_meshes save_obj IO load_ply save_ply"),
    "utils": ("cameras_from_opencv_projection opencv_from_cameras_projection checkerboard ico_sphere torus"),
    "vis": (
        "get_camera_wireframe plot_batch_individually plot_scene texturesuv_image_matplotlib texturesuv_image_PIL"
    ),
    "common": ("get_device make_device"),
}
"""Package -> names that it exports itself."""
