// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// A plot of each topic, over the last ten seconds of the robot's time.

const SECONDS = 10;
const KINDS = [
  {topic: 'odom', title: 'Speed', unit: 'm/s', digits: 2, range: [0, 1], colors: ['#2dd4bf']},
  {topic: 'imu', title: 'Turn rate', unit: '°/s', digits: 0, range: [-120, 120], scale: 180 / Math.PI,
    colors: ['#60a5fa']},
  {topic: 'scan', title: 'Nearest obstacle', unit: 'm', digits: 2, range: [0, 1.5],
    colors: ['#a78bfa']},
  {topic: 'joint_states', title: 'Wheels', unit: 'rad/s', digits: 1, range: [0, 15],
    colors: ['#fbbf24', '#fb7185']},
  {topic: 'battery', title: 'Battery', unit: '%', digits: 1, range: [0, 100], colors: ['#4ade80']},
];

/** Makes a canvas as sharp as the screen is; its pen, width and height in CSS pixels. */
export function sharpen(canvas) {
  const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio;
  const [width, height] = [box.width * ratio, box.height * ratio].map(Math.round);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  return [pen, box.width, box.height];
}

export function withUnit(element, text, unit) {
  const small = document.createElement('small');
  small.textContent = unit;
  element.replaceChildren(text, small);
}

class Plot {
  constructor(kind) {
    this.kind = kind;
    this.samples = [];
    const card = document.querySelector('#plot').content.firstElementChild.cloneNode(true);
    card.id = `plot-${kind.topic}`;
    card.style.setProperty('--color', kind.colors[0]);
    card.querySelector('.title').textContent = kind.title;
    card.querySelector('.topic').textContent = `/${kind.topic}`;
    this.value = card.querySelector('.value');
    this.canvas = card.querySelector('canvas');
    this.canvas.setAttribute('aria-label', `${kind.title} in the last ${SECONDS} seconds`);
    this.figures = card.querySelector('.figures-line');
    this.card = card;
  }

  add(samples) {
    this.samples.push(...samples);
    const start = this.samples.at(-1)[0] - SECONDS - 1;
    const old = this.samples.findIndex(([time]) => time >= start);
    this.samples.splice(0, old);
    this.card.dataset.samples = Number(this.card.dataset.samples ?? 0) + samples.length;
    const values = this.samples.at(-1).slice(1).map(value => value * (this.kind.scale ?? 1));
    withUnit(this.value, values.map(value => value.toFixed(this.kind.digits)).join(' / ')
      .replaceAll('-0 ', '0 ').replace(/^-0$/, '0'), this.kind.unit);
  }

  showFigures({rate, p50_us: p50}) {
    const latency = p50 === null ? '–'
      : p50 < 10000 ? `${p50.toFixed(0)} µs` : `${(p50 / 1000).toFixed(1)} ms`;
    const parts = [`${rate.toFixed(0)} /s`, `latency ${latency}`].map(text => {
      const span = document.createElement('span');
      span.textContent = text;
      return span;
    });
    this.figures.replaceChildren(...parts);
  }

  draw(now) {
    const [pen, width, height] = sharpen(this.canvas);
    const {range: [low, high], colors, scale = 1} = this.kind;
    const toX = time => width * (1 - (now - time) / SECONDS);
    const toY = value => 3 + (height - 6) * (1 - (value * scale - low) / (high - low));
    pen.lineWidth = 1;
    pen.strokeStyle = '#1f2937';
    pen.fillStyle = '#4b5a70';
    pen.font = '10px system-ui, sans-serif';
    pen.beginPath();
    for (const value of [low, (low + high) / 2, high]) {
      const y = Math.round(toY(value / scale)) + 0.5;
      pen.moveTo(0, y);
      pen.lineTo(width, y);
      pen.fillText(String(value), 2, value === low ? y - 3 : y + 10);
    }
    for (let second = Math.floor(now); second > now - SECONDS; second -= 2) {
      const x = Math.round(toX(second)) + 0.5;
      pen.moveTo(x, 0);
      pen.lineTo(x, height);
    }
    pen.stroke();
    if (this.samples.length < 2) return;
    colors.forEach((color, i) => this.drawLine(pen, color, i + 1, toX, toY, height));
  }

  drawLine(pen, color, column, toX, toY, height) {
    // More points than pixels are only work.
    const step = Math.max(1, Math.floor(this.samples.length / this.canvas.width));
    const first = toX(this.samples[0][0]), last = this.samples.at(-1);
    pen.beginPath();
    for (let i = 0; i < this.samples.length; i += step) {
      pen.lineTo(toX(this.samples[i][0]), toY(this.samples[i][column]));
    }
    pen.lineTo(toX(last[0]), toY(last[column]));
    pen.strokeStyle = color;
    pen.lineWidth = 1.6;
    pen.lineJoin = 'round';
    pen.stroke();
    const base = Math.min(height, toY(0));
    pen.lineTo(toX(last[0]), base);
    pen.lineTo(first, base);
    const fill = pen.createLinearGradient(0, 0, 0, height);
    fill.addColorStop(0, `${color}3a`);
    fill.addColorStop(Math.min(1, base / height), `${color}08`);
    fill.addColorStop(1, `${color}${base < height - 9 ? '3a' : '08'}`);
    pen.fillStyle = fill;
    pen.fill();
    pen.beginPath();
    pen.arc(toX(last[0]) - 1.5, toY(last[column]), 2.6, 0, 2 * Math.PI);
    pen.fillStyle = color;
    pen.fill();
  }
}

const plots = KINDS.map(kind => new Plot(kind));
document.querySelector('#plots').replaceChildren(...plots.map(plot => plot.card));
let newest = 0, arrived = 0;

/** Takes in the samples of a frame, of any topic. */
export function addSamples(samples) {
  for (const plot of plots) {
    const added = samples[plot.kind.topic];
    if (!added?.length) continue;
    plot.add(added);
    newest = Math.max(newest, added.at(-1)[0]);
    arrived = performance.now();
  }
}

/** Begins anew, as the first frame of a connection does. */
export function forgetSamples() {
  for (const plot of plots) plot.samples = [];
}

export function showFigures(topics) {
  for (const plot of plots) {
    if (topics[plot.kind.topic]) plot.showFigures(topics[plot.kind.topic]);
  }
}

export function drawPlots() {
  // Between frames the plots move on with the browser's clock, and stop soon if nothing comes.
  const now = newest + Math.min(0.1, (performance.now() - arrived) / 1000);
  for (const plot of plots) plot.draw(now);
}
