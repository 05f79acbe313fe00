<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>MissingModalitySeg</name>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Missing Modality Segmentation</source>
        <translation>Missing Modality Segmentation</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Segments brain lesions from any subset of T1, T1ce, T2, FLAIR and DWI, and synthesises the missing sequences for review. Research use only, not a medical device.</source>
        <translation>Segmentiert Hirnläsionen aus jeder beliebigen Auswahl von T1, T1ce, T2, FLAIR und DWI und synthetisiert die fehlenden Sequenzen zur Durchsicht. Nur für die Forschung, kein Medizinprodukt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>See more information in the &lt;a href=&apos;{address}&apos;&gt;documentation&lt;/a&gt;.</source>
        <translation>Mehr steht in der &lt;a href=&apos;{address}&apos;&gt;Dokumentation&lt;/a&gt;.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/MissingModalitySeg.py"/>
        <source>Methods: Novosad et al., MICCAI 2024; Zhao et al., 2024; Zhang et al., MICCAI 2024.</source>
        <translation>Methoden: Novosad et al., MICCAI 2024; Zhao et al., 2024; Zhang et al., MICCAI 2024.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>&amp;One study</source>
        <translation>&amp;Einzeln</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>The study that is in the scene</source>
        <translation>Die Untersuchung, die in der Szene liegt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>1. Sequences</source>
        <translation>1. Sequenzen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Which volume is which sequence</source>
        <translation>Welches Volumen welche Sequenz ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>2. Model</source>
        <translation>2. Modell</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Which network finds the lesions, and what to expect of it</source>
        <translation>Welches Netz die Läsionen findet und was von ihm zu erwarten ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Options</source>
        <translation>Optionen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>How it is done; the defaults are right for most studies</source>
        <translation>Wie gerechnet wird; die Voreinstellungen passen für die meisten Untersuchungen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>What was found, how it is shown, and ways to keep it</source>
        <translation>Was gefunden wurde, wie es gezeigt wird und wie es gesichert werden kann</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>&amp;Many studies</source>
        <translation>&amp;Mehrere</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>All studies of a folder, or of the scene, one after the other</source>
        <translation>Alle Untersuchungen eines Ordners oder der Szene, eine nach der anderen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Set-&amp;up</source>
        <translation>Einrich&amp;tung</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>What computes: what is missing, and how it comes; diagnostics</source>
        <translation>Was zum Rechnen gebraucht wird, was davon fehlt und wie es installiert wird; Diagnose</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySeg.ui"/>
        <source>Research use only. Not a medical device: every result must be checked by a reader.</source>
        <translation>Nur für die Forschung. Kein Medizinprodukt: Jedes Ergebnis muss ärztlich geprüft werden.</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegBatch</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Studies from:</source>
        <translation>Untersuchungen aus:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Where the studies come from</source>
        <translation>Woher die Untersuchungen kommen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Path:</source>
        <translation>Pfad:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Every folder below with volumes in it is a study, each session of a BIDS data set, or each case of a data list (.json)</source>
        <translation>Als Untersuchung gilt jeder Unterordner mit Volumina, jede Sitzung eines BIDS-Datensatzes oder jeder Fall einer Datenliste (.json)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Results to:</source>
        <translation>Ergebnisse nach:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>One folder per study is made here, summary.csv and report.html</source>
        <translation>Hier entstehen ein Ordner je Untersuchung, summary.csv und report.html</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Model:</source>
        <translation>Modell:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Find &amp;studies</source>
        <translation>Untersuchungen &amp;suchen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>List the studies without computing anything</source>
        <translation>Die Untersuchungen auflisten, ohne etwas zu rechnen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Segment &amp;all</source>
        <translation>&amp;Alle segmentieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Segment the studies one after the other. Of files, those that have results from the same model and options are passed over: an interrupted batch goes on where it stopped. Studies of the scene begin anew; what becomes of their earlier results is among the options.</source>
        <translation>Die Untersuchungen nacheinander segmentieren. Dateien, die schon Ergebnisse desselben Modells mit denselben Optionen haben, werden übergangen: Ein unterbrochener Durchlauf wird fortgesetzt, wo er aufgehört hat. Untersuchungen der Szene werden neu segmentiert; was mit ihren früheren Ergebnissen geschieht, steht unter den Optionen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>How much of all studies is done</source>
        <translation>Wie viel von allen Untersuchungen fertig ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>The studies, how far each is, and what was found. Tooltips tell what was left out, and why a study failed.</source>
        <translation>Die Untersuchungen, wie weit jede ist und was gefunden wurde. Die Hinweise beim Darüberfahren sagen, was ausgelassen wurde und warum eine Untersuchung kein Ergebnis hat.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>&amp;Report</source>
        <translation>Be&amp;richt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Show the page of all studies, report.html, in the browser</source>
        <translation>Die Seite aller Untersuchungen, report.html, im Browser zeigen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Open results fol&amp;der</source>
        <translation>Ergebnisor&amp;dner öffnen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegBatch.ui"/>
        <source>Show the folder of the results in the file browser</source>
        <translation>Den Ordner der Ergebnisse im Dateimanager zeigen</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegInputs</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>&amp;Guess from scene</source>
        <translation>Aus der Szene er&amp;kennen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Look at names and DICOM headers of the volumes in the scene, and choose those that are surely a T1, T1ce, T2, FLAIR or DWI. What is unsure is asked.</source>
        <translation>Namen und DICOM-Angaben der Volumina in der Szene ansehen und diejenigen wählen, die sicher eine T1-, T1ce-, T2-, FLAIR- oder DWI-Sequenz sind. Was unsicher ist, wird gefragt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>The studies in the scene. Volumes of different studies are never mixed.</source>
        <translation>Die Untersuchungen in der Szene. Volumina verschiedener Untersuchungen werden nie gemischt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Bring back what was chosen before “Guess from scene”</source>
        <translation>Zurückholen, was vor „Aus der Szene erkennen“ gewählt war</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T&amp;1</source>
        <translation>T&amp;1</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, before contrast agent</source>
        <translation>T1-gewichtet, vor Kontrastmittel</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>not acquired</source>
        <translation>nicht aufgenommen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, before contrast agent. Leave empty if it was not acquired.</source>
        <translation>T1-gewichtet, vor Kontrastmittel. Leer lassen, wenn sie nicht aufgenommen wurde.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1&amp;ce</source>
        <translation>T1&amp;ce</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, after contrast agent (gadolinium)</source>
        <translation>T1-gewichtet, nach Kontrastmittel (Gadolinium)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T1-weighted, after contrast agent (gadolinium). Leave empty if it was not acquired.</source>
        <translation>T1-gewichtet, nach Kontrastmittel (Gadolinium). Leer lassen, wenn sie nicht aufgenommen wurde.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T&amp;2</source>
        <translation>T&amp;2</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted</source>
        <translation>T2-gewichtet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted. Leave empty if it was not acquired.</source>
        <translation>T2-gewichtet. Leer lassen, wenn sie nicht aufgenommen wurde.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>FL&amp;AIR</source>
        <translation>FL&amp;AIR</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted with suppressed fluid (FLAIR)</source>
        <translation>T2-gewichtet mit unterdrücktem Liquorsignal (FLAIR)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>T2-weighted with suppressed fluid (FLAIR). Leave empty if it was not acquired.</source>
        <translation>T2-gewichtet mit unterdrücktem Liquorsignal (FLAIR). Leer lassen, wenn sie nicht aufgenommen wurde.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>D&amp;WI</source>
        <translation>D&amp;WI</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Diffusion-weighted trace image, b about 1000 (not ADC)</source>
        <translation>Diffusionsgewichtetes Trace-Bild, b etwa 1000 (keine ADC-Karte)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Diffusion-weighted trace image, b about 1000 (not ADC). Leave empty if it was not acquired.</source>
        <translation>Diffusionsgewichtetes Trace-Bild, b etwa 1000 (keine ADC-Karte). Leer lassen, wenn sie nicht aufgenommen wurde.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>The volumes that it could be</source>
        <translation>Die Volumina, die in Frage kommen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Use it</source>
        <translation>Verwenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Take the chosen volume for this sequence</source>
        <translation>Das gewählte Volumen für diese Sequenz nehmen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>Leave it out</source>
        <translation>Auslassen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegInputs.ui"/>
        <source>None of them is this sequence, or it is not to be used</source>
        <translation>Keines davon ist diese Sequenz, oder sie soll nicht verwendet werden</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegModel</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>&amp;Import model…</source>
        <translation>Modell &amp;importieren…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Add a model from a .zip file or a folder. Its checksums are verified; nothing is downloaded.</source>
        <translation>Ein Modell aus einer .zip-Datei oder einem Ordner hinzufügen. Seine Prüfsummen werden geprüft; nichts wird heruntergeladen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Open model folder</source>
        <translation>Modellordner öffnen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegModel.ui"/>
        <source>Show the folder of imported models in the file browser</source>
        <translation>Den Ordner der importierten Modelle im Dateimanager zeigen</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegOptions</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Missing sequences:</source>
        <translation>Fehlende Sequenzen:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Synthesise them, for review</source>
        <translation>zur Durchsicht synthetisieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Also generate the sequences that were not acquired. They are marked as synthetic, and nothing should be measured in them.</source>
        <translation>Auch die Sequenzen erzeugen, die nicht aufgenommen wurden. Sie werden als synthetisch gekennzeichnet; in ihnen darf nichts gemessen werden.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Rebuild the acquired ones, too, to compare</source>
        <translation>auch die aufgenommenen zum Vergleich nachbilden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Each acquired sequence is hidden, generated from the others and held against the real one: tells how far synthetic sequences can be trusted.</source>
        <translation>Jede aufgenommene Sequenz wird verdeckt, aus den anderen erzeugt und mit der echten verglichen: Das zeigt, wie weit synthetischen Sequenzen zu trauen ist.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Uncertainty:</source>
        <translation>Unsicherheit:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Map where the model is unsure</source>
        <translation>Karte, wo das Modell unsicher ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Repeats the segmentation mirrored and from fewer sequences, and marks where the answers differ. Takes several times as long.</source>
        <translation>Wiederholt die Segmentierung gespiegelt und mit weniger Sequenzen und markiert, wo die Antworten voneinander abweichen. Dauert ein Mehrfaches der Zeit.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Other models:</source>
        <translation>Andere Modelle:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Run all of them and compare</source>
        <translation>alle rechnen und vergleichen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Segments with the chosen model, then with every other that takes these sequences and is no ensemble.</source>
        <translation>Segmentiert mit dem gewählten Modell, dann mit jedem anderen, das diese Sequenzen annimmt und kein Ensemble ist.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Smallest lesion:</source>
        <translation>Kleinste Läsion:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source> ml</source>
        <translation> ml</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>all kept</source>
        <translation>alle behalten</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Connected lesions below this volume are left out. 0.005 ml are about 5 voxels of 1 mm.</source>
        <translation>Zusammenhängende Läsionen unter diesem Volumen werden weggelassen. 0,005 ml sind etwa 5 Voxel von 1 mm.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Results lie on:</source>
        <translation>Raster der Ergebnisse:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>The volume on whose voxel grid the results lie</source>
        <translation>Das Volumen, auf dessen Voxelraster die Ergebnisse liegen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Alignment:</source>
        <translation>Ausrichtung:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Align the volumes where needed</source>
        <translation>Volumina bei Bedarf aneinander ausrichten</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Rigid registration to the reference volume. It is kept only where it fits better than before.</source>
        <translation>Starre Registrierung auf das Referenzvolumen. Sie wird nur übernommen, wo sie besser passt als zuvor.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Brain:</source>
        <translation>Gehirn:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>How the brain is told from the rest of the head</source>
        <translation>Wie das Gehirn vom übrigen Kopf abgegrenzt wird</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Brain mask:</source>
        <translation>Gehirnmaske:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>A volume or label map that is above 0.5 inside the brain, or a segmentation: all its segments count together, hidden ones too</source>
        <translation>Ein Volumen oder eine Labelkarte mit Werten über 0,5 im Gehirn, oder eine Segmentierung: alle ihre Segmente zählen zusammen, auch die ausgeblendeten</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Compute on:</source>
        <translation>Rechnen auf:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>The processor or graphics card that computes</source>
        <translation>Der Prozessor oder die Grafikkarte, die rechnet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Precision:</source>
        <translation>Genauigkeit:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Automatic is the fastest number format that this machine was found to compute rightly</source>
        <translation>Automatisch wird das schnellste Zahlenformat gewählt, mit dem dieser Rechner nachweislich richtig rechnet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Memory:</source>
        <translation>Speicher:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Automatic goes over the whole brain at once where memory allows</source>
        <translation>Automatisch wird das ganze Gehirn auf einmal gerechnet, wenn der Speicher reicht</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Earlier results:</source>
        <translation>Frühere Ergebnisse:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>What happens to earlier results of the same model for these volumes</source>
        <translation>Was mit früheren Ergebnissen desselben Modells für diese Volumina geschieht</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>&amp;Back to defaults</source>
        <translation>&amp;Zurück auf Standard</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegOptions.ui"/>
        <source>Set all options as they are right for most studies</source>
        <translation>Alle Optionen so setzen, wie sie für die meisten Untersuchungen passen</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegResults</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Show:</source>
        <translation>Zeigen:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>The results in this scene: a model, and the sequences that it used</source>
        <translation>Die Ergebnisse in dieser Szene: ein Modell und die Sequenzen, die es verwendet hat</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Take these results out of the scene</source>
        <translation>Diese Ergebnisse aus der Szene entfernen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Bring back the results that were removed or replaced last</source>
        <translation>Die zuletzt entfernten oder ersetzten Ergebnisse zurückholen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>What each model found. Click a line to show it.</source>
        <translation>Was jedes Modell gefunden hat. Ein Klick auf eine Zeile zeigt es.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>&amp;Lesions (click one to go there)</source>
        <translation>&amp;Läsionen (ein Klick führt zur Läsion)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>One line per connected lesion, the largest first. A click centres the slice views on it.</source>
        <translation>Eine Zeile je zusammenhängender Läsion, die größte zuerst. Ein Klick zentriert die Schichtansichten auf sie.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Regions:</source>
        <translation>Bereiche:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Fill:</source>
        <translation>Füllung:</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Opacity of the coloured fill in the slice views; the outline stays</source>
        <translation>Deckkraft der farbigen Füllung in den Schichtansichten; die Umrisslinie bleibt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>in 3D</source>
        <translation>in 3D</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Make surfaces and show them in the 3D view</source>
        <translation>Oberflächen erzeugen und in der 3D-Ansicht zeigen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>uncertainty</source>
        <translation>Unsicherheit</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Lay the map of uncertainty over the images</source>
        <translation>Die Karte der Unsicherheit über die Bilder legen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>E&amp;dit in Segment Editor</source>
        <translation>Im Segment Editor &amp;bearbeiten</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Correct the segmentation by hand</source>
        <translation>Die Segmentierung von Hand korrigieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>&amp;Report</source>
        <translation>Be&amp;richt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Open the report with pictures in the browser; nothing leaves this computer</source>
        <translation>Den Bericht mit Bildern im Browser öffnen; nichts verlässt diesen Rechner</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>E&amp;xport…</source>
        <translation>E&amp;xportieren…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Save the segmentation or the tables in files</source>
        <translation>Segmentierung oder Tabellen in Dateien speichern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>Review s&amp;ynthetic sequences</source>
        <translation>S&amp;ynthetische Sequenzen ansehen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>A column per sequence: acquired, synthetic, difference; all linked. Click again to go back.</source>
        <translation>Eine Spalte je Sequenz: aufgenommen, synthetisch, Differenz; alle gekoppelt. Ein weiterer Klick führt zurück.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegResults.ui"/>
        <source>How the slices of the review lie</source>
        <translation>Wie die Schichten der Durchsicht liegen</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegRun</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>&amp;Segment</source>
        <translation>&amp;Segmentieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Find the lesions</source>
        <translation>Die Läsionen suchen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Segment this study after it</source>
        <translation>Diese Untersuchung danach segmentieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Hand in what is chosen above; it begins when the work before it is done</source>
        <translation>Das oben Gewählte einreihen; es beginnt, wenn die Arbeit davor fertig ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>How much of the present study is done</source>
        <translation>Wie viel der laufenden Untersuchung fertig ist</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy details</source>
        <translation>Einzelheiten kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy the message, the log and the versions, for a report</source>
        <translation>Meldung, Protokoll und Versionen für eine Fehlermeldung kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Take this message away</source>
        <translation>Diese Meldung ausblenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>What the process that computes has said</source>
        <translation>Was der Rechenprozess gemeldet hat</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>What the process that computes has said, the latest at the end</source>
        <translation>Was der Rechenprozess gemeldet hat, das Neueste am Ende</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Copy the log, for a report</source>
        <translation>Das Protokoll für eine Fehlermeldung kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegRun.ui"/>
        <source>Empty the log</source>
        <translation>Das Protokoll leeren</translation>
    </message>
</context>
<context>
    <name>MissingModalitySegSetUp</name>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>&amp;Install what is missing</source>
        <translation>Fehlendes &amp;installieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Install PyTorch and the packages that compute, into Slicer&apos;s own Python. Needs the internet once.</source>
        <translation>PyTorch und die Pakete zum Rechnen in Slicers eigenes Python installieren. Dazu wird einmal das Internet gebraucht.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Without internet</source>
        <translation>Ohne Internet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>For computers that have no internet: packages and models from folders</source>
        <translation>Für Rechner ohne Internet: Pakete und Modelle aus Ordnern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>On a computer with internet, download the wheels for this system into a folder (the words to do so are in the diagnostics below), bring the folder here, and choose it. Models come as .zip files or folders.</source>
        <translation>Laden Sie auf einem Rechner mit Internet die Wheel-Dateien für dieses System in einen Ordner (der Befehl dazu steht unten in der Diagnose), bringen Sie den Ordner hierher und wählen Sie ihn aus. Modelle kommen als .zip-Dateien oder Ordner.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Install from a folder…</source>
        <translation>Aus einem Ordner installieren…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>A folder with the .whl files of torch, monai, safetensors and what they need</source>
        <translation>Ein Ordner mit den .whl-Dateien von torch, monai, safetensors und was diese brauchen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Import all models of a folder…</source>
        <translation>Alle Modelle eines Ordners importieren…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Every model (.zip or folder) in a folder; each is verified</source>
        <translation>Jedes Modell (.zip oder Ordner) in einem Ordner; jedes wird geprüft</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>&amp;Check the worker</source>
        <translation>Rechenprozess &amp;prüfen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Start the process that computes, and let it compute one convolution</source>
        <translation>Den Rechenprozess starten und eine Faltung rechnen lassen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Copy &amp;diagnostics</source>
        <translation>&amp;Diagnose kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Copy the text below, for a report</source>
        <translation>Den Text unten für eine Fehlermeldung kopieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySeg/Resources/UI/MissingModalitySegSetUp.ui"/>
        <source>Versions, folders, models and what the worker found. Nothing in it names a patient.</source>
        <translation>Versionen, Ordner, Modelle und was der Rechenprozess vorgefunden hat. Nichts darin nennt einen Patienten.</translation>
    </message>
</context>
<context>
    <name>ui.batch_panel</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>a folder or a BIDS data set</source>
        <translation>einem Ordner oder BIDS-Datensatz</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>a data list</source>
        <translation>einer Datenliste</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>this scene</source>
        <translation>dieser Szene</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{model}, with the options of the tab “One study”</source>
        <translation>{model}, mit den Optionen der Seite „Einzeln“</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Ca&amp;ncel</source>
        <translation>Abbreche&amp;n</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Segment &amp;all</source>
        <translation>&amp;Alle segmentieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Choose the folder or the list of the studies.</source>
        <translation>Wählen Sie den Ordner oder die Liste der Untersuchungen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Looking for studies…</source>
        <translation>Untersuchungen werden gesucht…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{count} studies.</source>
        <translation>{count} Untersuchungen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>There is no study in the scene.</source>
        <translation>In der Szene ist keine Untersuchung.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>In {count} of them something was left out: see the tooltips.</source>
        <translation>Bei {count} davon wurde etwas ausgelassen: siehe die Hinweise beim Darüberfahren.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Choose a folder for the results.</source>
        <translation>Wählen Sie einen Ordner für die Ergebnisse.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{done} of {count} done</source>
        <translation>{done} von {count} fertig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>{failed} without a result (why: see the tooltips)</source>
        <translation>{failed} ohne Ergebnis (Gründe: siehe die Hinweise beim Darüberfahren)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Table of all: {name}</source>
        <translation>Tabelle aller: {name}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>There is no browser to show the report in.</source>
        <translation>Es gibt keinen Browser, der den Bericht zeigen kann.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>not begun</source>
        <translation>nicht begonnen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>done earlier</source>
        <translation>schon fertig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>failed</source>
        <translation>fehlgeschlagen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>cancelled</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>not usable</source>
        <translation>nicht verwendbar</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Study</source>
        <translation>Untersuchung</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Sequences</source>
        <translation>Sequenzen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>State</source>
        <translation>Stand</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Lesion [ml]</source>
        <translation>Läsion [ml]</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/batch_panel.py"/>
        <source>Lesions</source>
        <translation>Läsionen</translation>
    </message>
</context>
<context>
    <name>ui.cards</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Finds {regions}. Takes any of {sequences}.</source>
        <translation>Findet: {regions}. Nimmt jede Auswahl aus {sequences}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Choose sequences to see what to expect.</source>
        <translation>Wählen Sie Sequenzen, um zu sehen, was zu erwarten ist.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>{n} simulated scans only</source>
        <translation>nur {n} simulierte Aufnahmen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>{n} real scans of {dataset}</source>
        <translation>{n} echte Aufnahmen: {dataset}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Expected from {code}: {metric} {figures} ({scans}).</source>
        <translation>Zu erwarten aus {code}: {metric} {figures} ({scans}).</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Use</source>
        <translation>Zweck</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Trained on</source>
        <translation>Trainiert mit</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>simulated scans</source>
        <translation>simulierten Aufnahmen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/cards.py"/>
        <source>simulated heads</source>
        <translation>simulierten Köpfen</translation>
    </message>
</context>
<context>
    <name>ui.choices</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the volume with the finest voxels</source>
        <translation>das Volumen mit den feinsten Voxeln</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>find it where needed</source>
        <translation>bei Bedarf suchen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the volumes show nothing else</source>
        <translation>die Volumina zeigen nichts anderes</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>use a mask</source>
        <translation>eine Maske verwenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>work on everything</source>
        <translation>alles verwenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the best that works</source>
        <translation>das Beste, was funktioniert</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>NVIDIA card</source>
        <translation>NVIDIA-Karte</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>Apple GPU</source>
        <translation>Apple-GPU</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>the fastest that is right</source>
        <translation>die schnellste, die richtig rechnet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>32 bit</source>
        <translation>32 Bit</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>whole brain where it fits</source>
        <translation>ganzes Gehirn, wo es passt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>whole brain</source>
        <translation>ganzes Gehirn</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>windows (less memory)</source>
        <translation>Ausschnitte (weniger Speicher)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>replace them</source>
        <translation>ersetzen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>keep them, number the new ones</source>
        <translation>behalten, die neuen nummerieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/choices.py"/>
        <source>The worker computes on {name}. {message}</source>
        <translation>Der Rechenprozess rechnet auf {name}. {message}</translation>
    </message>
</context>
<context>
    <name>ui.export</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Segmentation as NIfTI or NRRD…</source>
        <translation>Segmentierung als NIfTI oder NRRD…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Segmentation as DICOM SEG…</source>
        <translation>Segmentierung als DICOM SEG…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Lesion table as CSV…</source>
        <translation>Läsionstabelle als CSV…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Volumes as CSV…</source>
        <translation>Volumenwerte als CSV…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Report as HTML…</source>
        <translation>Bericht als HTML…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the segmentation</source>
        <translation>Segmentierung speichern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>NIfTI (*.nii.gz);;NRRD (*.nrrd)</source>
        <translation>NIfTI (*.nii.gz);;NRRD (*.nrrd)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the lesion table</source>
        <translation>Läsionstabelle speichern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Tables (*.csv)</source>
        <translation>Tabellen (*.csv)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the volumes</source>
        <translation>Volumenwerte speichern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Save the report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Pages (*.html)</source>
        <translation>Seiten (*.html)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>“{path}” is there already. Choose it in the list to replace it, or take another name.</source>
        <translation>„{path}“ gibt es schon. Wählen Sie es in der Liste, um es zu ersetzen, oder nehmen Sie einen anderen Namen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}.</source>
        <translation>Gespeichert als {path}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}. Corrections by hand are not counted in it.</source>
        <translation>Gespeichert als {path}. Korrekturen von Hand sind darin nicht mitgezählt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved as {path}. Segments of your own in it: {names}.</source>
        <translation>Gespeichert als {path}. Eigene Segmente darin: {names}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>No DICOM SEG can be made: {problems}</source>
        <translation>Ein DICOM SEG ist nicht möglich: {problems}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>This Slicer has no exporter for DICOM SEG. Slicer 5.12 and later bring it along.</source>
        <translation>Dieses Slicer kann kein DICOM SEG exportieren. Slicer 5.12 und spätere Versionen bringen das mit.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Choose a folder for the DICOM SEG</source>
        <translation>Wählen Sie einen Ordner für das DICOM SEG</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Saved in {folder}, and added to the DICOM database.</source>
        <translation>Gespeichert in {folder} und in die DICOM-Datenbank aufgenommen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/export.py"/>
        <source>Slicer&apos;s exporter does not take this segmentation.</source>
        <translation>Slicers Exporteur nimmt diese Segmentierung nicht an.</translation>
    </message>
</context>
<context>
    <name>ui.inputs</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>There is no volume in the scene. Load the study first.</source>
        <translation>In der Szene ist kein Volumen. Laden Sie zuerst die Untersuchung.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>None of the volumes of this study could be told by its name or header. Choose them yourself.</source>
        <translation>Keines der Volumina dieser Untersuchung war am Namen oder an den DICOM-Angaben zu erkennen. Wählen Sie sie selbst.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>(without a name)</source>
        <translation>(ohne Namen)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Use as {modality}</source>
        <translation>Als {modality} verwenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>not needed</source>
        <translation>nicht nötig</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>The chosen model does not take this sequence.</source>
        <translation>Das gewählte Modell nimmt diese Sequenz nicht an.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>○ missing</source>
        <translation>○ fehlt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>The model does without it.</source>
        <translation>Das Modell kommt ohne sie aus.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>✕ chosen twice</source>
        <translation>✕ doppelt gewählt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Choose each volume once.</source>
        <translation>Wählen Sie jedes Volumen nur einmal.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>● not used</source>
        <translation>● ungenutzt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>● present</source>
        <translation>● vorhanden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>Will be used.</source>
        <translation>Wird verwendet.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/inputs.py"/>
        <source>These volumes are of different studies: {titles}.</source>
        <translation>Diese Volumina gehören zu verschiedenen Untersuchungen: {titles}.</translation>
    </message>
</context>
<context>
    <name>ui.model</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>From a .zip file…</source>
        <translation>Aus einer .zip-Datei…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>From a folder…</source>
        <translation>Aus einem Ordner…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>There is no model yet. Import one from a .zip file or a folder.</source>
        <translation>Es gibt noch kein Modell. Importieren Sie eines aus einer .zip-Datei oder einem Ordner.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Choose a model</source>
        <translation>Modell wählen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Models (*.zip)</source>
        <translation>Modelle (*.zip)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Choose the folder of a model</source>
        <translation>Ordner eines Modells wählen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>Verifying {name}…</source>
        <translation>{name} wird geprüft…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>{message} Replace it?</source>
        <translation>{message} Ersetzen?</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/model.py"/>
        <source>“{title}” was added; every checksum is right.</source>
        <translation>„{title}“ wurde hinzugefügt; alle Prüfsummen stimmen.</translation>
    </message>
</context>
<context>
    <name>ui.results</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Lesions</source>
        <translation>Läsionen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Removed.</source>
        <translation>Entfernt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Corrections by hand are not counted.</source>
        <translation>Korrekturen von Hand sind nicht mitgezählt.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Show or hide this region in all views</source>
        <translation>Diesen Bereich in allen Ansichten zeigen oder ausblenden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The report is shown by the browser. It goes with Slicer: “Export…” saves it.</source>
        <translation>Der Bericht wird im Browser gezeigt. Beim Beenden von Slicer wird er gelöscht: „Exportieren…“ sichert ihn.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>There is no browser to show the report in, or it is gone: save it with “Export…”.</source>
        <translation>Es gibt keinen Browser für den Bericht, oder er ist nicht mehr da: Sichern Sie ihn mit „Exportieren…“.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>It is not in the scene any more.</source>
        <translation>Es ist nicht mehr in der Szene.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The report is not in the scene any more.</source>
        <translation>Der Bericht ist nicht mehr in der Szene.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>Synthetic sequences only.</source>
        <translation>Nur synthetische Sequenzen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>{volumes}, {count} lesions.</source>
        <translation>{volumes}, {count} Läsionen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>{volumes}, {count} lesion.</source>
        <translation>{volumes}, {count} Läsion.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>No lesion was found</source>
        <translation>Keine Läsion gefunden</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/results.py"/>
        <source>The lesion table is not in the scene any more.</source>
        <translation>Die Läsionstabelle ist nicht mehr in der Szene.</translation>
    </message>
</context>
<context>
    <name>ui.review</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Synthesised: &lt;b&gt;{names}&lt;/b&gt;. Not acquired; never measure in them.</source>
        <translation>Synthetisiert: &lt;b&gt;{names}&lt;/b&gt;. Nicht aufgenommen; messen Sie nie darin.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Acquired sequences, rebuilt from the others, resemble the real ones by (SSIM, 1 is equal): {parts}.</source>
        <translation>Aufgenommene Sequenzen, aus den anderen nachgebildet, gleichen den echten zu (SSIM, 1 ist gleich): {parts}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/review.py"/>
        <source>Nothing could be compared to say how good they are.</source>
        <translation>Nichts ließ sich vergleichen, um zu sagen, wie gut sie sind.</translation>
    </message>
</context>
<context>
    <name>ui.run</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Ca&amp;ncel</source>
        <translation>Abbreche&amp;n</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>&amp;Segment</source>
        <translation>&amp;Segmentieren</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Stop; nothing is added to the scene</source>
        <translation>Anhalten; der Szene wird nichts hinzugefügt</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Find the lesions</source>
        <translation>Die Läsionen suchen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>({count} more waiting)</source>
        <translation>({count} weitere warten)</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>about {time} left</source>
        <translation>noch etwa {time}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>longer than expected</source>
        <translation>länger als erwartet</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Reading the volumes</source>
        <translation>Volumina werden gelesen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Aligning the volumes, finding the brain</source>
        <translation>Volumina werden ausgerichtet, das Gehirn gesucht</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Finding lesions</source>
        <translation>Läsionen werden gesucht</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Synthesising sequences</source>
        <translation>Sequenzen werden synthetisiert</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Measuring lesions</source>
        <translation>Läsionen werden vermessen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Writing the results</source>
        <translation>Ergebnisse werden geschrieben</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Starting…</source>
        <translation>Wird gestartet…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/run.py"/>
        <source>Handing over the volumes…</source>
        <translation>Volumina werden übergeben…</translation>
    </message>
</context>
<context>
    <name>ui.set_up</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>&lt;b&gt;One step before the first use.&lt;/b&gt;&lt;br&gt;The networks run in a process of their own, which needs Python packages that Slicer does not bring along: {names}.</source>
        <translation>&lt;b&gt;Ein Schritt vor dem ersten Gebrauch.&lt;/b&gt;&lt;br&gt;Die Netze laufen in einem eigenen Prozess, der Python-Pakete braucht, die Slicer nicht mitbringt: {names}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Everything that computes is installed.</source>
        <translation>Alles, was zum Rechnen gebraucht wird, ist installiert.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Installed.</source>
        <translation>Installiert.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Choose the folder with the wheels</source>
        <translation>Ordner mit den Wheel-Dateien wählen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Installing from {folder}… This takes some minutes.</source>
        <translation>Wird aus {folder} installiert… Das dauert einige Minuten.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Choose a folder with models</source>
        <translation>Ordner mit Modellen wählen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Verifying the models in {folder}…</source>
        <translation>Die Modelle in {folder} werden geprüft…</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Models added: {names}.</source>
        <translation>Hinzugefügte Modelle: {names}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/set_up.py"/>
        <source>Starting the worker…</source>
        <translation>Der Rechenprozess wird gestartet…</translation>
    </message>
</context>
<context>
    <name>ui.window</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>First install what computes: see the tab “Set-up”.</source>
        <translation>Installieren Sie zuerst, was zum Rechnen gebraucht wird: siehe die Seite „Einrichtung“.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose a model.</source>
        <translation>Wählen Sie ein Modell.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose at least one sequence.</source>
        <translation>Wählen Sie mindestens eine Sequenz.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>Choose the mask of the brain, among the options.</source>
        <translation>Wählen Sie unter „Optionen“ die Maske des Gehirns.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/window.py"/>
        <source>The model “{title}” takes none of these sequences.</source>
        <translation>Das Modell „{title}“ nimmt keine dieser Sequenzen an.</translation>
    </message>
</context>
<context>
    <name>ui.words</name>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modalities} is not used by this model.</source>
        <translation>{modalities} wird von diesem Modell nicht verwendet.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modalities} are not used by this model.</source>
        <translation>{modalities} werden von diesem Modell nicht verwendet.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Expected from {modalities}: {figures}.</source>
        <translation>Zu erwarten aus {modalities}: {figures}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>How well this model does from {modalities} has not been measured.</source>
        <translation>Wie gut dieses Modell mit {modalities} ist, wurde nicht gemessen.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{modality} would help most: {metric} of the {region} {before} → {after}{data}.</source>
        <translation>{modality} würde am meisten helfen: {metric} ({region}) {before} → {after}{data}.</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{metric} of the {region} {mean} ({cases}{data})</source>
        <translation>{metric} ({region}) {mean} ({cases}{data})</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>1 case</source>
        <translation>1 Fall</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{n} cases</source>
        <translation>{n} Fälle</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, few</source>
        <translation>, wenige</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, simulated scans only</source>
        <translation>, nur simulierte Aufnahmen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>, real scans of {dataset}</source>
        <translation>, echte Aufnahmen: {dataset}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>{first} and {last}</source>
        <translation>{first} und {last}</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>HD95 in mm</source>
        <translation>HD95 in mm</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>CScore</source>
        <translation>CScore</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>lesion F1</source>
        <translation>Läsions-F1</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>left</source>
        <translation>links</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>right</source>
        <translation>rechts</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>midline</source>
        <translation>Mittellinie</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>lesion</source>
        <translation>Läsion</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>core</source>
        <translation>Kern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>enhancing</source>
        <translation>anreichernd</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Lesion</source>
        <translation>Läsion</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Volume</source>
        <translation>Volumen</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Core</source>
        <translation>Kern</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Enhancing</source>
        <translation>Anreichernd</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Diameter</source>
        <translation>Durchmesser</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Axial</source>
        <translation>Axial</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Across</source>
        <translation>Quer</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Side</source>
        <translation>Seite</translation>
    </message>
    <message>
        <location filename="../../MissingModalitySegLib/ui/words.py"/>
        <source>Mean</source>
        <translation>Mittel</translation>
    </message>
</context>
</TS>
