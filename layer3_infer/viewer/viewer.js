// Pan and zoom over a slide, its heatmap and what is marked on it.
// Places are level-0 pixels of the slide; `view.scale` is pixels of the screen per level-0 pixel.
"use strict";
(() => {
  const stage = document.getElementById("stage");
  if (!stage) return;
  const viewer = document.getElementById("viewer");
  const scene = JSON.parse(document.getElementById("scene").textContent);
  const marks = document.getElementById("marks");
  const MOST_TILES = 600, KEY_STEP = 0.15, ZOOM_STEP = 1.4;
  const view = { x: 0, y: 0, scale: 1 };
  let ratio = 1, pending = 0, drawing = false;

  const canvas = (name) => {
    const made = document.createElement("canvas");
    made.className = `layer ${name}`;
    stage.insertBefore(made, marks);
    return made;
  };
  const layers = { slide: canvas("slide"), heat: canvas("heat"), explanations: canvas("explanations") };
  const on = (name) => {
    const box = document.querySelector(`input[data-layer="${name}"]`);
    return box === null || box.checked;
  };

  // One picture of the whole slide, already in the page.
  const picture = (image) => ({
    draw(context) {
      const scale = view.scale * ratio;
      context.drawImage(image, -view.x * scale, -view.y * scale, scene.width * scale, scene.height * scale);
    },
  });

  // Tiles at powers of two. Where one has not come yet, the nearest coarser one is shown.
  const tiled = ({ address, size, levels }) => {
    const known = new Map();
    const key = (level, column, row) => `${level}/${column}_${row}`;
    const fetchTile = (level, column, row) => {
      const name = key(level, column, row);
      if (known.has(name)) return;
      const image = new Image();
      const tile = { image, loaded: false, ended: false };
      const end = (loaded) => {
        if (tile.ended) return;
        tile.ended = true;
        tile.loaded = loaded;
        pending -= 1;
        redraw();
      };
      known.set(name, tile);
      pending += 1;
      image.onload = () => end(true);
      image.onerror = () => end(false);
      image.src = address.replace("{level}", level).replace("{column}", column).replace("{row}", row);
    };
    const forget = (wanted) => {
      for (const [name, tile] of known) {
        if (wanted.has(name) || !(known.size > MOST_TILES || !tile.ended)) continue;
        known.delete(name);
        if (!tile.ended) {
          tile.ended = true;
          tile.image.src = "";
          pending -= 1;
        }
      }
    };
    const drawTile = (context, level, column, row) => {
      const scale = view.scale * ratio, factor = 2 ** (levels - 1 - level);
      const left = column * size * factor, top = row * size * factor;
      for (let up = 0; up <= level; up += 1) {
        const tile = known.get(key(level - up, column >> up, row >> up));
        if (!tile || !tile.loaded) continue;
        known.delete(key(level - up, column >> up, row >> up));
        known.set(key(level - up, column >> up, row >> up), tile);
        const part = size / 2 ** up, step = 2 ** up;
        const sx = (column % step) * part, sy = (row % step) * part;
        const width = Math.min(part, tile.image.naturalWidth - sx), height = Math.min(part, tile.image.naturalHeight - sy);
        if (width <= 0 || height <= 0) return;
        const across = width * factor * step, down = height * factor * step;
        const x0 = Math.round((left - view.x) * scale), x1 = Math.round((left + across - view.x) * scale);
        const y0 = Math.round((top - view.y) * scale), y1 = Math.round((top + down - view.y) * scale);
        context.drawImage(tile.image, sx, sy, width, height, x0, y0, x1 - x0, y1 - y0);
        return;
      }
    };
    return {
      draw(context) {
        const exact = levels - 1 + Math.ceil(Math.log2(view.scale * ratio) - 0.01);
        const level = Math.max(0, Math.min(levels - 1, exact));
        const step = size * 2 ** (levels - 1 - level);
        const columns = Math.ceil(scene.width / step), rows = Math.ceil(scene.height / step);
        const first = [Math.max(0, Math.floor(view.x / step)), Math.max(0, Math.floor(view.y / step))];
        const last = [
          Math.min(columns - 1, Math.floor((view.x + stage.clientWidth / view.scale) / step)),
          Math.min(rows - 1, Math.floor((view.y + stage.clientHeight / view.scale) / step)),
        ];
        const wanted = new Set();
        for (let row = first[1]; row <= last[1]; row += 1)
          for (let column = first[0]; column <= last[0]; column += 1) wanted.add(key(level, column, row));
        forget(wanted);
        for (let row = first[1]; row <= last[1]; row += 1)
          for (let column = first[0]; column <= last[0]; column += 1) {
            fetchTile(level, column, row);
            drawTile(context, level, column, row);
          }
      },
    };
  };
  const source = (given) => (given.tiles ? tiled(given.tiles) : picture(document.getElementById(given.picture)));
  const slide = source(scene.slide);
  const heat = scene.heat && source(scene.heat);

  const prepared = (name) => {
    const layer = layers[name], width = Math.round(stage.clientWidth * ratio), height = Math.round(stage.clientHeight * ratio);
    if (layer.width !== width || layer.height !== height) {
      layer.width = width;
      layer.height = height;
    }
    const context = layer.getContext("2d");
    context.clearRect(0, 0, width, height);
    return context;
  };

  const pins = scene.marks.map((mark, index) => {
    const pin = document.createElement("button");
    pin.type = "button";
    pin.className = `pin ${mark.kind}`;
    pin.textContent = String(mark.number);
    pin.title = mark.label;
    pin.tabIndex = -1;
    pin.addEventListener("click", () => show(scene.marks[index]));
    pin.addEventListener("pointerdown", (event) => event.stopPropagation());
    stage.append(pin);
    return pin;
  });

  const drawMarks = () => {
    const width = stage.clientWidth / view.scale, height = stage.clientHeight / view.scale;
    marks.setAttribute("viewBox", `${view.x} ${view.y} ${width} ${height}`);
    for (const group of marks.querySelectorAll("g")) group.style.display = on(group.dataset.layer) ? "" : "none";
    scene.marks.forEach((mark, index) => {
      const x = (mark.x + mark.edge - view.x) * view.scale, y = (mark.y - view.y) * view.scale;
      const seen = on(mark.kind) && x > 0 && y > 0 && x < stage.clientWidth && y < stage.clientHeight;
      pins[index].style.display = seen ? "" : "none";
      pins[index].style.transform = `translate(${x}px, ${y}px)`;
    });
  };

  const drawExplanations = (context) => {
    if (!on("explanations")) return;
    const scale = view.scale * ratio;
    for (const mark of scene.marks) {
      const image = mark.picture && document.getElementById(mark.picture);
      if (!image || !image.complete || !image.naturalWidth) continue;
      const edge = mark.edge * scale;
      context.drawImage(image, (mark.x - view.x) * scale, (mark.y - view.y) * scale, edge, edge);
    }
  };

  const LENGTHS = [1, 2, 5].flatMap((n) => [-3, -2, -1, 0, 1].map((p) => n * 10 ** p)).sort((a, b) => b - a);
  const drawScaleBar = () => {
    const bar = document.getElementById("scale-bar"), per = (view.scale * 1000) / scene.mpp;
    const length = LENGTHS.find((mm) => mm * per <= stage.clientWidth / 4) || LENGTHS[LENGTHS.length - 1];
    bar.style.width = `${length * per}px`;
    bar.textContent = length >= 1 ? `${length} mm` : `${Math.round(length * 1000)} µm`;
  };

  const draw = () => {
    drawing = false;
    ratio = window.devicePixelRatio || 1;
    const under = prepared("slide"), over = prepared("heat");
    slide.draw(under);
    over.imageSmoothingEnabled = false;
    if (heat && on("heat")) heat.draw(over);
    drawExplanations(prepared("explanations"));
    drawMarks();
    drawScaleBar();
    viewer.dataset.view = `${view.x} ${view.y} ${view.scale}`;
    viewer.dataset.status = pending ? "loading" : "drawn";
  };
  const redraw = () => {
    if (drawing) return;
    drawing = true;
    viewer.dataset.status = "loading";
    requestAnimationFrame(draw);
  };

  const fitting = () => Math.min(stage.clientWidth / scene.width, stage.clientHeight / scene.height);
  const settle = () => {
    const width = stage.clientWidth / view.scale, height = stage.clientHeight / view.scale;
    const within = (place, length, whole) =>
      length >= 0.999 * whole ? (whole - length) / 2 : Math.max(-length / 4, Math.min(whole - 0.75 * length, place));
    view.x = within(view.x, width, scene.width);
    view.y = within(view.y, height, scene.height);
    redraw();
  };
  const zoom = (by, left = stage.clientWidth / 2, top = stage.clientHeight / 2) => {
    const x = view.x + left / view.scale, y = view.y + top / view.scale;
    view.scale = Math.max(fitting() * 0.8, Math.min(4, view.scale * by));
    view.x = x - left / view.scale;
    view.y = y - top / view.scale;
    settle();
  };
  const fit = () => {
    view.scale = fitting();
    settle();
  };
  const move = (across, down) => {
    view.x += across / view.scale;
    view.y += down / view.scale;
    settle();
  };
  const show = ({ x, y, width, height, edge }) => {
    const w = width || edge, h = height || edge;
    view.scale = Math.min(4, 0.4 * Math.min(stage.clientWidth / w, stage.clientHeight / h));
    view.x = x + w / 2 - stage.clientWidth / view.scale / 2;
    view.y = y + h / 2 - stage.clientHeight / view.scale / 2;
    settle();
  };

  // Fingers and mouse: one drags, two pinch.
  const fingers = new Map();
  const place = (event) => {
    const frame = stage.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  };
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId), now = place(event);
    if (!before) return;
    const pinched = fingers.size === 2 && spread();
    fingers.set(event.pointerId, now);
    if (pinched) {
      const after = spread();
      move(pinched.x - after.x, pinched.y - after.y);
      zoom(after.apart / Math.max(1, pinched.apart), after.x, after.y);
    } else if (fingers.size === 1) move(before[0] - now[0], before[1] - now[1]);
  });
  for (const name of ["pointerup", "pointercancel"])
    stage.addEventListener(name, (event) => fingers.delete(event.pointerId));
  stage.addEventListener("dblclick", (event) => zoom(2, ...place(event)));
  stage.addEventListener("wheel", (event) => {
    if (!(event.ctrlKey || event.metaKey || document.activeElement === stage)) return; // the page scrolls
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), ...place(event));
  }, { passive: false });

  // Keys, buttons, boxes.
  const slider = document.getElementById("opacity");
  const fade = () => {
    layers.heat.style.opacity = slider ? slider.value / 100 : 1;
    if (slider) document.getElementById("opacity-said").textContent = `${slider.value} %`;
  };
  const toggle = (name) => {
    const box = document.querySelector(`input[data-layer="${name}"]`);
    if (!box) return;
    box.checked = !box.checked;
    redraw();
  };
  const fadeBy = (step) => {
    if (!slider) return;
    slider.value = Number(slider.value) + step;
    fade();
  };
  const wide = () => stage.clientWidth * KEY_STEP, high = () => stage.clientHeight * KEY_STEP;
  const keys = {
    ArrowLeft: () => move(-wide(), 0), ArrowRight: () => move(wide(), 0),
    ArrowUp: () => move(0, -high()), ArrowDown: () => move(0, high()),
    "+": () => zoom(ZOOM_STEP), "=": () => zoom(ZOOM_STEP), "-": () => zoom(1 / ZOOM_STEP), 0: fit,
    h: () => toggle("heat"), a: () => toggle("annotations"), r: () => toggle("regions"),
    p: () => toggle("places"), e: () => toggle("explanations"),
    "[": () => fadeBy(-10), "]": () => fadeBy(10),
  };
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  const buttons = { "zoom-in": () => zoom(ZOOM_STEP), "zoom-out": () => zoom(1 / ZOOM_STEP), "zoom-all": fit };
  for (const [id, action] of Object.entries(buttons)) document.getElementById(id).addEventListener("click", action);
  for (const box of document.querySelectorAll("input[data-layer]")) box.addEventListener("change", redraw);
  if (slider) slider.addEventListener("input", fade);
  for (const button of document.querySelectorAll("button[data-x]"))
    button.addEventListener("click", () => {
      const { x, y, width, height, edge } = button.dataset;
      show({ x: +x, y: +y, width: +width || 0, height: +height || 0, edge: +edge || 0 });
      stage.focus({ preventScroll: true });
      viewer.scrollIntoView({ block: "nearest" });
    });

  viewer.classList.add("live");
  const images = [...document.images].map((image) => image.decode().catch(() => {}));
  Promise.all(images).then(redraw);
  let fitted = false;
  new ResizeObserver(() => {
    if (!fitted) fit();
    else settle();
    fitted = true;
  }).observe(stage);
  fade();
})();
