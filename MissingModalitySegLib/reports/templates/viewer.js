(function () {
  const data = JSON.parse(document.getElementById("pictures").textContent);
  const viewer = document.getElementById("viewer");
  const slider = document.getElementById("slice");
  const shown = document.getElementById("shown");
  const overlay = document.getElementById("overlay");
  const opacity = document.getElementById("opacity");
  const figures = [...viewer.querySelectorAll("figure")];
  const { width, height } = data;
  const lesions = Object.entries(data.places);
  let chosen = null;

  const load = (address) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = address;
    return image;
  };
  const panels = data.panels.map((panel, i) => ({
    ...panel, picture: load(panel.image), canvas: figures[i].querySelector("canvas"),
  }));
  const overlays = data.overlays.map((one) => ({
    ...one, fill: load(one.fill), outline: load(one.outline), tiles: new Map(one.slices.map((slice, i) => [slice, i])),
  }));

  const cut = (context, image, tile, columns, scale) => {
    if (!image.complete || !image.naturalWidth) return;
    const [w, h] = [width * scale, height * scale];
    context.drawImage(image, (tile % columns) * w, Math.floor(tile / columns) * h, w, h, 0, 0, 2 * width, 2 * height);
  };
  const word = (context, letters, x, y, align, size) => {
    context.font = `bold ${size}px system-ui, "DejaVu Sans", sans-serif`;
    context.textAlign = align;
    context.lineWidth = 3;
    context.strokeStyle = "#000";
    context.strokeText(letters, x, y);
    context.fillText(letters, x, y);
  };
  const drawOne = (panel, slice) => {
    const context = panel.canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, 2 * width, 2 * height);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    cut(context, panel.picture, slice, data.columns, 1);
    const over = panel.overlay === null ? null : overlays[panel.overlay];
    if (over && overlay.checked && over.tiles.has(slice)) {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = Number(opacity.value) / 100;
      cut(context, over.fill, over.tiles.get(slice), over.columns, 1);
      context.globalAlpha = 1;
      cut(context, over.outline, over.tiles.get(slice), over.columns, 2);
    }
    context.fillStyle = "#ffffff";
    const letter = Math.max(16, Math.round(width / 9));
    word(context, "R", 6, height, "left", letter);
    word(context, "L", 2 * width - 6, height, "right", letter);
    if (panel.generated) {
      context.fillStyle = "#ffb9a6";
      context.font = 'bold 20px system-ui, "DejaVu Sans", sans-serif';
      const size = Math.min(24, (20 * 1.85 * width) / context.measureText(data.mark).width);
      word(context, data.mark, width, 2 * height - 10, "center", size);
    }
    if (chosen !== null && data.places[chosen][0] === slice) {
      const [, x, y] = data.places[chosen];
      context.strokeStyle = "#ffffff";
      context.lineWidth = 1.5;
      context.setLineDash([5, 4]);
      context.beginPath();
      context.arc(2 * x + 1, 2 * y + 1, 26, 0, 2 * Math.PI);
      context.stroke();
      context.setLineDash([]);
    }
  };
  const draw = () => {
    const slice = Number(slider.value);
    panels.forEach((panel, i) => { if (!figures[i].hidden) drawOne(panel, slice); });
    const place = data.heights[slice];
    shown.textContent = `${slice + 1} of ${data.count}, S ${place.toFixed(0)} mm`;
  };
  const go = (slice) => {
    slider.value = String(Math.min(Math.max(slice, 0), data.count - 1));
    draw();
  };
  const mark = (number) => {
    chosen = number;
    for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    for (const button of document.querySelectorAll(`button[data-lesion="${CSS.escape(number)}"]`)) {
      button.closest("tr").classList.add("chosen");
    }
    go(data.places[number][0]);
  };
  const step = (by) => {
    if (!lesions.length) return;
    const at = lesions.findIndex(([number]) => number === chosen);
    const next = at < 0 ? (by > 0 ? 0 : lesions.length - 1) : (at + by + lesions.length) % lesions.length;
    mark(lesions[next][0]);
  };

  let turned = 0;
  viewer.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return;
    event.preventDefault();
    turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY;
    const whole = Math.trunc(turned);
    turned -= whole;
    if (whole) go(Number(slider.value) - whole);
  }, { passive: false });
  const moves = {
    ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity,
  };
  viewer.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in moves) {
      go(Number(slider.value) + moves[event.key]);
    } else if (event.key === "n" || event.key === "p") {
      step(event.key === "n" ? 1 : -1);
    } else if (event.key === "o" && overlay) {
      overlay.click();
    } else {
      return;
    }
    event.preventDefault();
  });
  slider.addEventListener("input", draw);
  for (const one of [overlay, opacity]) {
    if (one) one.addEventListener("input", draw);
  }
  if (overlay) {
    overlay.addEventListener("change", () => document.body.classList.toggle("bare", !overlay.checked));
  }
  for (const [name, by] of [["previous", -1], ["next", 1]]) {
    const button = document.getElementById(name);
    if (button) button.addEventListener("click", () => step(by));
  }
  for (const box of document.querySelectorAll("input[data-panel]")) {
    box.addEventListener("input", () => {
      figures[Number(box.dataset.panel)].hidden = !box.checked;
      draw();
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-lesion]");
    if (button && data.places[button.dataset.lesion]) {
      mark(button.dataset.lesion);
      viewer.scrollIntoView({ block: "nearest" });
    }
  });
  go(data.start);
})();
