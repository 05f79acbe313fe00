"""The words of series names: what they mean, in the languages that scanners are programmed in.

Words are written as `words.normalise` leaves them: lower case, without accents. A blank joins the words of a phrase.
"""

from __future__ import annotations

from enum import Enum, auto


class Meaning(Enum):
    """What a word contributes to reading a name."""

    T1 = auto()
    T2 = auto()
    FLAIR = auto()
    DIFFUSION = auto()
    TRACE = auto()
    TENSOR = auto()
    PROTON_DENSITY = auto()
    T2_STAR = auto()
    PREPARED_T1 = auto()
    """T1 by construction: an inversion-prepared gradient echo."""
    SPOILED = auto()
    """A gradient echo that is usually T1 when nothing else is said."""
    GRADIENT_ECHO = auto()
    INVERSION = auto()
    DARK_FLUID = auto()
    ECHO_PLANAR = auto()

    AGENT = auto()
    T1_WITH_AGENT = auto()
    T1_WITHOUT_AGENT = auto()
    NO_AGENT = auto()
    LETTER_C = auto()
    WITH = auto()
    WITHOUT = auto()
    BEFORE = auto()
    AFTER = auto()
    WITH_OR_AFTER_IF_AGENT = auto()
    PLUS = auto()
    AND = auto()
    TREATMENT = auto()
    TIMING = auto()
    SESSION = auto()

    INTO = auto()
    SPACE = auto()
    MAP = auto()
    FLIP_ANGLE_OR_ANISOTROPY = auto()
    LESION = auto()
    NARROW = auto()
    SUBTRACTION_OR_SUBJECT = auto()
    FILLER = auto()


WORDS: dict[Meaning, str] = {
    Meaning.T1: "t1 t1w t1wi t1weighted t1vi t1ви",
    Meaning.T2: "t2 t2w t2wi t2weighted t2vi t2ви",
    Meaning.FLAIR: "flair flr t2f flairw флаир флэир флеир フレア フレアー 플레어",
    Meaning.DIFFUSION: (
        "dwi diff diffusion diffusione difusion difusao dyfuzja dyfuzyjne diffusie diffusions diffusionsgewichtet "
        "dwibs resolve dw диффузия дви 弥散 彌散 扩散 擴散 拡散 확산"
    ),
    Meaning.TRACE: "trace tracew traces isodwi",
    Meaning.TENSOR: "dti tensor mddw multidir hardi dsi noddi 张量 テンソル",
    Meaning.PROTON_DENSITY: "pd pdw pdwi dp rho protondensity 质子密度 プロトン密度",
    Meaning.T2_STAR: "t2star t2s t2starw hemo haemo hamo hemoflash",
    Meaning.PREPARED_T1: "mprage mpr mprg irfspgr irspgr tfl3d",
    Meaning.SPOILED: "bravo fspgr spgr spoiled vibe lava thrive tfl fl3d tfe tfe3d 3dtfe fame mp2rage unit1",
    Meaning.GRADIENT_ECHO: "gre ffe fl2d flash medic merge mffe mpgr ge3d ge2d grass fgre",
    Meaning.INVERSION: "tirm tir ir irtse spcir irfse",
    Meaning.DARK_FLUID: "darkfluid dafl darkfl 压水 抑水 黑水 水抑制 自由水抑制",
    Meaning.ECHO_PLANAR: "ep2d epi ep seepi dwepi",
    Meaning.AGENT: (
        "gd gad gado gadobutrol gadovist gadavist dotarem magnevist multihance prohance omniscan clariscan "
        "primovist vueway elucirem gadopiclenol dtpa gddtpa dota km ce mdc mezzo enhanced enh enhancement agent "
        "civ inj iniezione inyeccion postcontrast postgad postgado postgd postkm poscontraste cplus kontrascie ку ga18 "
        "増強 增强 增強 造影 造影後 造影剤 ガドリニウム 조영 조영증강 강화"
    ),
    Meaning.T1_WITH_AGENT: "t1c t1ce t1gd t1gad t1gado t1wc t1wce t1wgd t1post t1km t1contrast",
    Meaning.T1_WITHOUT_AGENT: "t1n t1native t1pre",
    Meaning.NO_AGENT: (
        "natif natywne plain unenhanced nonenhanced noncontrast nocontrast precontrast pregad pregado pregd prekm "
        "nongad blanco noninjected nongd unenh 平扫 平掃 单纯 單純 単純 非造影 無造影 未造影 造影なし 造影無し "
        "造影無 造影前 非增强 未增强 无增强 不增强 增强前 非増強 비조영 조영전"
    ),
    Meaning.LETTER_C: "c",
    Meaning.WITH: "with avec con com mit met c/ с z ze w cum",
    Meaning.WITHOUT: "without wo no non not sans senza sin sem ohne bez без zonder utan uden uten",
    Meaning.BEFORE: "pre before avant prima vor antes przed до voor innan",
    Meaning.AFTER: "post after apres dopo despues depois pos после efter",
    Meaning.WITH_OR_AFTER_IF_AGENT: "na po nach",
    Meaning.AND: "and et und y e i en ed og och и",
    Meaning.TREATMENT: (
        "op ops operative operativ operatoire operatorio operatoria surgery surgical surg resection rt xrt srs "
        "radiation radiotherapy chemo chemotherapy therapy treatment tx biopsy biopsie bx ictal mortem stroke "
        "trauma processed processing proc fossa fusion interventional intervention crani craniotomy operacyjne "
        "операции"
    ),
    Meaning.TIMING: "postop preop postoperative preoperative postrt postsurgery presurgery postop2 intraop",
    Meaning.SESSION: "ses session visit timepoint tp",
    Meaning.INTO: "to in on onto into regto 2",
    Meaning.SPACE: "space",
    Meaning.MAP: "map maps mapping mapit",
    Meaning.FLIP_ANGLE_OR_ANISOTROPY: "fa",
    Meaning.LESION: "lesion lesions laesion lasion lesione wmh plaques infarct tumor tumour",
    Meaning.NARROW: (
        "orbit orbits orbita orbite iac iacs cai khbw sella sellar pituitary hypophyse hypophysis ipofisi "
        "hipofisis hipofise cpa tmj hippocampus hippocampal hippo temporal mastoid sinus sinuses dynamic dyn neck "
        "hals"
    ),
    Meaning.SUBTRACTION_OR_SUBJECT: "sub",
    Meaning.FILLER: (
        "ax axial axi axt sag sagittal sagital cor coronal tra trans transversal transverse tr obl oblique 2d 3d "
        "4d tse fse se te ti frfse fatsat fs spair spir dixon dix water cube spc vista view brainview turbo blade "
        "propeller haste ssfse ideal iso isotropic mm hr hires highres brain head kopf schadel gehirn crane "
        "cerveau encefalo cranio cerebro whole neuro thin sense grappa mocap reg registered coreg bet stripped n4 "
        "corrected inplane w wi weighted gewichtet ns raw orig pp preproc preprocessed ви vi 加权 加權 強調 强调 "
        "画像 像 轴位 矢状位 冠状位 軸位 脂肪抑制 压脂 抑脂 강조 영상 nii gz"
    ),
}
"""Single words by meaning. A word that is glued to others (`sagt1mprage`) is cut at these."""

PHRASES: dict[str, Meaning] = {
    "t2 star": Meaning.T2_STAR,
    "t2 *": Meaning.T2_STAR,
    "dark fluid": Meaning.DARK_FLUID,
    "da fl": Meaning.DARK_FLUID,
    "dark fl": Meaning.DARK_FLUID,
    "fluid attenuated": Meaning.FLAIR,
    "mp rage": Meaning.PREPARED_T1,
    "ir fspgr": Meaning.PREPARED_T1,
    "ir spgr": Meaning.PREPARED_T1,
    "trace w": Meaning.TRACE,
    "proton density": Meaning.PROTON_DENSITY,
    "densite protonique": Meaning.PROTON_DENSITY,
    "densite de protons": Meaning.PROTON_DENSITY,
    "densidad protonica": Meaning.PROTON_DENSITY,
    "densita protonica": Meaning.PROTON_DENSITY,
    "w o": Meaning.WITHOUT,
    "s c": Meaning.NO_AGENT,
    "m d c": Meaning.AGENT,
    "mezzo di contrasto": Meaning.AGENT,
    "medio de contraste": Meaning.AGENT,
    "с ку": Meaning.AGENT,
    "до введения": Meaning.NO_AGENT,
    "sin civ": Meaning.NO_AGENT,
    "no phase wrap": Meaning.FILLER,
    "post fossa": Meaning.FILLER,
    "t1 ce": Meaning.T1_WITH_AGENT,
    "t1 gd": Meaning.T1_WITH_AGENT,
    "time point": Meaning.SESSION,
    "inversion recovery": Meaning.INVERSION,
}
"""Words that mean something together."""

STEMS: dict[str, Meaning] = {
    "contrast": Meaning.AGENT,
    "kontrast": Meaning.AGENT,
    "контраст": Meaning.AGENT,
    "постконтраст": Meaning.AGENT,
    "gadolin": Meaning.AGENT,
    "gadotera": Meaning.AGENT,
    "injec": Meaning.AGENT,
    "nativ": Meaning.NO_AGENT,
    "натив": Meaning.NO_AGENT,
    "диффуз": Meaning.DIFFUSION,
    "diffusionsgewicht": Meaning.DIFFUSION,
}
"""Beginnings of words that languages inflect."""

EXCLUDED_WORDS: dict[str, str] = {
    "an apparent diffusion coefficient (ADC) map": (
        "adc adcmap dadc iadc cda adcs икд 表观扩散系数 見かけの拡散係数 apparent+diffusion diffusion+coefficient "
        "adc+map"
    ),
    "an exponential ADC map": "eadc expadc exponential",
    "a fractional anisotropy or colour map": "colfa cfa fractional+anisotropy color+fa colour+fa anisotropy dec+map",
    "a susceptibility-weighted image": (
        "swi swan swip susceptibility suszeptibilitat susceptibilidad suscettibilita venobold venbold minip qsm "
        "swm mag+images 磁敏感 磁化率 磁化率強調"
    ),
    "a phase image": "phase pha phases",
    "a projection": "mip mips maxip projection",
    "an angiogram": (
        "tof mra mrv mrangio angio angiogram angiography angiographie angiografia angiografie ангио ангиография "
        "venogram venography phlebo pca pc3d 3dpc inhance tricks twist cemra cow willis 血管 血管造影 血管成像 "
        "phase+contrast vessel vwi carotid carotids arteries"
    ),
    "a perfusion series or map": (
        "perf perfusion perfusie perfusione perfusao perfuzja perfusionen перфузия dsc dce asl pcasl pasl casl "
        "cbf cbv rcbf rcbv mtt ttp tmax pwi pbp gbp relcbf relcbv relmtt ktrans neuroperf dynasuscon 灌注 灌流 "
        "관류"
    ),
    "a functional (BOLD) series": "bold fmri rsfmri resting rest func task sbref restingstate",
    "a localiser": (
        "localizer localiser loc localizador localizzatore localisateur lokalizer lokalizator localizers reperage "
        "scout aahscout aahead survey surview topogram 3plane 3pl 3planeloc plane+loc three+plane smartbrain "
        "planscan локалайзер локализатор 定位 定位像 位置決め"
    ),
    "a calibration or field map": (
        "calibration calib cal asset refscan ref+scan sense+ref b0map b1map b0+map b1+map fieldmap fieldmapping "
        "field+map field+mapping fmap phasediff shim shimming prescan b1+ tb1map"
    ),
    "spectroscopy": "spectro spectroscopy spektroskopie mrs svs csi naa",
    "a CT": "ct headct cthead cta ctp ncct cect cbct кт скт",
    "a PET or SPECT image": "pet petct petmr spect fdg fet suv suvr pib amyloid",
    "an X-ray image": "dsa xray fluoro",
    "a quantitative map": "t1map t2map relaxometry r2star r2s r1map r2map mtr mtsat qmap relaxation",
    "a steady-state (bSSFP) image": "ciss fiesta fiestac bssfp trufi truefisp bffe",
    "a double inversion recovery image": "double+inversion double+ir dir dir3d",
    "a phase-sensitive inversion recovery image": "psir",
    "a STIR image": "stir",
    "a magnetisation transfer image": "mt mtc mton magnetization+transfer magnetisation+transfer",
    "a flow or elastography series": "mre elastography csfflow csf+flow pc+flow",
    "a mask, label map or segmentation": (
        "seg segs segmentation segmented segmentations segmentierung segmentacion segmentacao segmentazione msk "
        "mask masks label labels labelmap roi rois groundtruth ground+truth gt consensus manualsegmentation "
        "lesionmask brainmask aparc aseg parcellation maske mascara masque maschera masker maska маска "
        "сегментация annotation annotations prob probability pve pveseg synthseg контур contour rtstruct 分割 "
        "マスク 掩膜 标注"
    ),
    "a synthesised volume": (
        "synthetic synthesised synthesized synth synthesis synthetisch syntetic magic symri syt1 syt2"
    ),
    "an uncertainty map": "uncertainty",
    "a subtraction": (
        "subtraction subtracted subtr subtraktion soustraction sottrazione sustraccion substraccion subtracao"
    ),
    "a screen shot or report": (
        "screenshot screensave screen+save screen+capture report phoenixzipreport reports dosereport"
    ),
    "an image of the spine": (
        "spine cspine tspine lspine cervical cervicale cervicales cervikal thoracic lumbar lumbal lombaire "
        "lombare lumbosacral sacrum hws bws lws rachis rachide colonna columna coluna kregosłup kregosłupa "
        "позвоночник wirbelsaule halswirbelsaule lendenwirbelsaule wervelkolom cwk lwk myelon myelo myelogram "
        "脊椎 脊柱 脊髄 脊髓 頚椎 颈椎 胸椎 腰椎"
    ),
    "an image of another part of the body": (
        "knee knie genou liver leber foie abdomen abd pelvis prostate prostata cardiac heart breast mamma "
        "shoulder ankle wrist kidney mrcp thorax chest hip"
    ),
}
"""What is no input of any model, and the words that say so. `a+b` are words that mean it together."""
