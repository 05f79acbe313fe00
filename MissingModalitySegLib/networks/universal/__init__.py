"""`universal`: one 3D U-Net for every stage at which modalities may be missing (paper: “all-stage missing modality”).

`backbone` is shared by the masked autoencoder φ (`autoencoder`) and the segmentation network f (`segmentation`), whose
prediction layers may come from a hyper-network (`hyper_network`). `masking` hides modalities and tokens for
pre-training; `completion` builds x̂_f, the recovered full modalities.
"""
