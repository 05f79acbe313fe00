<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>MissingModalitySeg</name>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Missing Modality Segmentation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Segments brain lesions from any subset of T1, T1ce, T2, FLAIR and DWI, and synthesises the missing sequences for review. Research use only, not a medical device.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>See more information in the &lt;a href=&apos;{address}&apos;&gt;documentation&lt;/a&gt;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Methods: Novosad et al., MICCAI 2024; Zhao et al., 2024; Zhang et al., MICCAI 2024.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>&amp;One study</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>The study that is in the scene</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>1. Sequences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Which volume is which sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>2. Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Which network finds the lesions, and what to expect of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Options</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>How it is done; the defaults are right for most studies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>What was found, how it is shown, and ways to keep it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>&amp;Many studies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>All studies of a folder, or of the scene, one after the other</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Set-&amp;up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>What computes: what is missing, and how it comes; diagnostics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Research use only. Not a medical device: every result must be checked by a reader.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegBatch</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Studies from:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Where the studies come from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Path:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Every folder below with volumes in it is a study, each session of a BIDS data set, or each case of a data list (.json)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Results to:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>One folder per study is made here, summary.csv and report.html</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Model:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Find &amp;studies</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>List the studies without computing anything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Segment &amp;all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Segment the studies one after the other. Of files, those that have results from the same model and options are passed over: an interrupted batch goes on where it stopped. Studies of the scene begin anew; what becomes of their earlier results is among the options.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>How much of all studies is done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>The studies, how far each is, and what was found. Tooltips tell what was left out, and why a study failed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>&amp;Report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Show the page of all studies, report.html, in the browser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Open results fol&amp;der</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Show the folder of the results in the file browser</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegInputs</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>&amp;Guess from scene</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Look at names and DICOM headers of the volumes in the scene, and choose those that are surely a T1, T1ce, T2, FLAIR or DWI. What is unsure is asked.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>The studies in the scene. Volumes of different studies are never mixed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Bring back what was chosen before “Guess from scene”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T&amp;1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, before contrast agent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>not acquired</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, before contrast agent. Leave empty if it was not acquired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1&amp;ce</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, after contrast agent (gadolinium)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, after contrast agent (gadolinium). Leave empty if it was not acquired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T&amp;2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted. Leave empty if it was not acquired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>FL&amp;AIR</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted with suppressed fluid (FLAIR)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted with suppressed fluid (FLAIR). Leave empty if it was not acquired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>D&amp;WI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Diffusion-weighted trace image, b about 1000 (not ADC)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Diffusion-weighted trace image, b about 1000 (not ADC). Leave empty if it was not acquired.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>The volumes that it could be</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Use it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Take the chosen volume for this sequence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Leave it out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>None of them is this sequence, or it is not to be used</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegModel</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>&amp;Import model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Add a model from a .zip file or a folder. Its checksums are verified; nothing is downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Open model folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Show the folder of imported models in the file browser</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegOptions</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Missing sequences:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Synthesise them, for review</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Also generate the sequences that were not acquired. They are marked as synthetic, and nothing should be measured in them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Rebuild the acquired ones, too, to compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Each acquired sequence is hidden, generated from the others and held against the real one: tells how far synthetic sequences can be trusted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Uncertainty:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Map where the model is unsure</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Repeats the segmentation mirrored and from fewer sequences, and marks where the answers differ. Takes several times as long.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Other models:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Run all of them and compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Segments with the chosen model, then with every other that takes these sequences and is no ensemble.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Smallest lesion:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source> ml</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>all kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Connected lesions below this volume are left out. 0.005 ml are about 5 voxels of 1 mm.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Results lie on:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>The volume on whose voxel grid the results lie</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Alignment:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Align the volumes where needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Rigid registration to the reference volume. It is kept only where it fits better than before.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Brain:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>How the brain is told from the rest of the head</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Brain mask:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>A volume or label map that is above 0.5 inside the brain, or a segmentation: all its segments count together, hidden ones too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Compute on:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>The processor or graphics card that computes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Precision:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Automatic is the fastest number format that this machine was found to compute rightly</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Memory:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Automatic goes over the whole brain at once where memory allows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Earlier results:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>What happens to earlier results of the same model for these volumes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>&amp;Back to defaults</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Set all options as they are right for most studies</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegResults</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Show:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>The results in this scene: a model, and the sequences that it used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Remove</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Take these results out of the scene</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Bring back the results that were removed or replaced last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>What each model found. Click a line to show it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>&amp;Lesions (click one to go there)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>One line per connected lesion, the largest first. A click centres the slice views on it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Regions:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Fill:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Opacity of the coloured fill in the slice views; the outline stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>in 3D</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Make surfaces and show them in the 3D view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>uncertainty</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Lay the map of uncertainty over the images</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>E&amp;dit in Segment Editor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Correct the segmentation by hand</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>&amp;Report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Open the report with pictures in the browser; nothing leaves this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>E&amp;xport…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Save the segmentation or the tables in files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Review s&amp;ynthetic sequences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>A column per sequence: acquired, synthetic, difference; all linked. Click again to go back.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>How the slices of the review lie</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegRun</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>&amp;Segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Find the lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Segment this study after it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Hand in what is chosen above; it begins when the work before it is done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>How much of the present study is done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy the message, the log and the versions, for a report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Dismiss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Take this message away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>What the process that computes has said</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>What the process that computes has said, the latest at the end</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy the log, for a report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Clear</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Empty the log</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MissingModalitySegSetUp</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>&amp;Install what is missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Install PyTorch and the packages that compute, into Slicer&apos;s own Python. Needs the internet once.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Without internet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>For computers that have no internet: packages and models from folders</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>On a computer with internet, download the wheels for this system into a folder (the words to do so are in the diagnostics below), bring the folder here, and choose it. Models come as .zip files or folders.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Install from a folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>A folder with the .whl files of torch, monai, safetensors and what they need</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Import all models of a folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Every model (.zip or folder) in a folder; each is verified</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>&amp;Check the worker</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Start the process that computes, and let it compute one convolution</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Copy &amp;diagnostics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Copy the text below, for a report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Versions, folders, models and what the worker found. Nothing in it names a patient.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.batch_panel</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>a folder or a BIDS data set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>a data list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>this scene</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{model}, with the options of the tab “One study”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Ca&amp;ncel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Segment &amp;all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Choose the folder or the list of the studies.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Looking for studies…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{count} studies.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>There is no study in the scene.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>In {count} of them something was left out: see the tooltips.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Choose a folder for the results.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{done} of {count} done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{failed} without a result (why: see the tooltips)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Table of all: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>There is no browser to show the report in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>not begun</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>done earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>waiting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>not usable</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Study</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Sequences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Lesion [ml]</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Lesions</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.cards</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Finds {regions}. Takes any of {sequences}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Choose sequences to see what to expect.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>{n} simulated scans only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>{n} real scans of {dataset}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Expected from {code}: {metric} {figures} ({scans}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Trained on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Version</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>simulated scans</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>simulated heads</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.choices</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the volume with the finest voxels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>find it where needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the volumes show nothing else</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>use a mask</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>work on everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the best that works</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>NVIDIA card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>Apple GPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the fastest that is right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>32 bit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>whole brain where it fits</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>whole brain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>windows (less memory)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>replace them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>keep them, number the new ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>The worker computes on {name}. {message}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.export</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Segmentation as NIfTI or NRRD…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Segmentation as DICOM SEG…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Lesion table as CSV…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Volumes as CSV…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Report as HTML…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the segmentation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>NIfTI (*.nii.gz);;NRRD (*.nrrd)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the lesion table</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Tables (*.csv)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the volumes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Pages (*.html)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>“{path}” is there already. Choose it in the list to replace it, or take another name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}. Corrections by hand are not counted in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}. Segments of your own in it: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>No DICOM SEG can be made: {problems}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>This Slicer has no exporter for DICOM SEG. Slicer 5.12 and later bring it along.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Choose a folder for the DICOM SEG</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved in {folder}, and added to the DICOM database.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Slicer&apos;s exporter does not take this segmentation.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.inputs</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>There is no volume in the scene. Load the study first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>None of the volumes of this study could be told by its name or header. Choose them yourself.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>(without a name)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Use as {modality}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>not needed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>The chosen model does not take this sequence.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>○ missing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>The model does without it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>✕ chosen twice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Choose each volume once.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>● not used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>● present</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Will be used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>These volumes are of different studies: {titles}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.model</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>From a .zip file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>From a folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>There is no model yet. Import one from a .zip file or a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Choose a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Models (*.zip)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Choose the folder of a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Verifying {name}…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>{message} Replace it?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>“{title}” was added; every checksum is right.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.results</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Result</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Removed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Corrections by hand are not counted.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Show or hide this region in all views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The report is shown by the browser. It goes with Slicer: “Export…” saves it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>There is no browser to show the report in, or it is gone: save it with “Export…”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>It is not in the scene any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The report is not in the scene any more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Synthetic sequences only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>{volumes}, {count} lesions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>{volumes}, {count} lesion.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>No lesion was found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The lesion table is not in the scene any more.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.review</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Synthesised: &lt;b&gt;{names}&lt;/b&gt;. Not acquired; never measure in them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Acquired sequences, rebuilt from the others, resemble the real ones by (SSIM, 1 is equal): {parts}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Nothing could be compared to say how good they are.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.run</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Ca&amp;ncel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>&amp;Segment</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Stop; nothing is added to the scene</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Find the lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>({count} more waiting)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>about {time} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>longer than expected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Reading the volumes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Aligning the volumes, finding the brain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Finding lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Synthesising sequences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Measuring lesions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Writing the results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Starting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Handing over the volumes…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.set_up</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>&lt;b&gt;One step before the first use.&lt;/b&gt;&lt;br&gt;The networks run in a process of their own, which needs Python packages that Slicer does not bring along: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Everything that computes is installed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Installed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Choose the folder with the wheels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Installing from {folder}… This takes some minutes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Choose a folder with models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Verifying the models in {folder}…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Models added: {names}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Starting the worker…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.window</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>First install what computes: see the tab “Set-up”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose a model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose at least one sequence.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose the mask of the brain, among the options.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>The model “{title}” takes none of these sequences.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ui.words</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modalities} is not used by this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modalities} are not used by this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Expected from {modalities}: {figures}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>How well this model does from {modalities} has not been measured.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modality} would help most: {metric} of the {region} {before} → {after}{data}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{metric} of the {region} {mean} ({cases}{data})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>1 case</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{n} cases</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, few</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, simulated scans only</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, real scans of {dataset}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{first} and {last}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Dice</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>HD95 in mm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>CScore</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>lesion F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>midline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>core</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>enhancing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Lesion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Volume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Core</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Enhancing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Diameter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Axial</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Across</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Mean</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
