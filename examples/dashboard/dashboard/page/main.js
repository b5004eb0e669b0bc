// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// Shows the frames that come over the WebSocket, and sends what the buttons say by POST.

import {drawMap, moveRobot} from './map.js';
import {addSamples, drawPlots, forgetSamples, showFigures, withUnit} from './plots.js';

const find = selector => document.querySelector(selector);
const state = {motors_on: false, patrol: null};
let laps = 3, switching = false, frames = 0, frameTimes = [];

function showFrame(frame) {
  Object.assign(state, frame);
  document.body.dataset.frames = ++frames;
  if (frame.samples) addSamples(frame.samples);
  if (frame.robot) {
    moveRobot(frame.robot);
    showRobot(frame.robot);
  }
  if (frame.topics) {
    showFigures(frame.topics);
    const rates = Object.values(frame.topics).map(({rate}) => rate);
    withUnit(find('#rate'), rates.reduce((sum, rate) => sum + rate, 0).toFixed(0), '/s');
  }
  if (frame.cpu_percent != null) withUnit(find('#cpu'), frame.cpu_percent.toFixed(1), '%');
  if (frame.patrol) showPatrol(frame.patrol);
  showMotors();
  const now = performance.now();
  frameTimes.push(now);
  while (frameTimes[0] < now - 1000) frameTimes.shift();
}

function showRobot({odom, battery}) {
  if (odom) {
    withUnit(find('#distance'), odom.distance.toFixed(1), 'm');
    withUnit(find('#position'), `${odom.x.toFixed(1)}, ${odom.y.toFixed(1)}`, 'm');
    const degrees = odom.yaw * 180 / Math.PI;
    withUnit(find('#heading'), String((Math.round(degrees) + 360) % 360), '°');
  }
  if (battery) {
    withUnit(find('#volts'), battery.volts.toFixed(1), battery.status ? `V, ${battery.status}` : 'V');
    find('#volts').classList.toggle('low', battery.percent < 5);
  }
}

function showMotors() {
  if (switching) return;
  const button = find('#motors');
  button.disabled = false;
  button.classList.toggle('on', state.motors_on);
  button.textContent = state.motors_on ? 'Stop the motors' : 'Start the motors';
}

function showPatrol({status, under_way: underWay, percents}) {
  find('#status').textContent = status;
  find('#status').dataset.status = status;
  find('#start').hidden = underWay;
  find('#start').disabled = false;
  find('#cancel').hidden = !underWay;
  find('#cancel').disabled = status !== 'driving';
  const bars = find('#progress');
  const count = percents.length || laps;
  while (bars.children.length > count) bars.lastChild.remove();
  while (bars.children.length < count) bars.append(document.createElement('i'));
  [...bars.children].forEach((bar, i) => bar.style.setProperty('--done', `${percents[i] ?? 0}%`));
  const driven = percents.reduce((sum, percent) => sum + percent, 0) / 100;
  find('#percent').textContent = percents.length
    ? `${driven.toFixed(1)} of ${percents.length} ${percents.length === 1 ? 'lap' : 'laps'}` : '';
}

async function post(path, body) {
  const start = performance.now();
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify(body ?? {}),
    });
    const {message, detail} = await response.json();
    return `${message ?? detail ?? ''} (${(performance.now() - start).toFixed(0)} ms)`;
  } catch (error) {
    return `The request failed: ${error.message}`;
  }
}

find('#motors').addEventListener('click', async () => {
  switching = find('#motors').disabled = true;
  find('#answer').textContent = await post('/api/motors', {on: !state.motors_on});
  switching = false;
  showMotors();
});

find('#start').addEventListener('click', () => {
  find('#start').disabled = true;
  post('/api/patrol', {laps});
});

find('#cancel').addEventListener('click', () => {
  find('#cancel').disabled = true;
  post('/api/patrol/cancel');
});

for (const [id, change] of [['#fewer', -1], ['#more', 1]]) {
  find(id).addEventListener('click', () => {
    laps = Math.min(9, Math.max(1, laps + change));
    find('#laps').value = laps;
    if (state.patrol && !state.patrol.under_way) showPatrol({...state.patrol, percents: []});
  });
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/api/live`), link = find('#link');
  socket.onopen = () => {
    forgetSamples();
    link.className = 'live';
    link.textContent = 'live';
  };
  socket.onmessage = event => showFrame(JSON.parse(event.data));
  socket.onclose = () => {
    link.className = '';
    link.textContent = 'connection lost, trying again';
    for (const button of document.querySelectorAll('#motors, #start, #cancel')) {
      button.disabled = true;
    }
    setTimeout(connect, 1000);
  };
}

function draw() {
  requestAnimationFrame(draw);
  drawMap();
  drawPlots();
}

setInterval(() => withUnit(find('#updates'), String(frameTimes.length), '/s'), 500);
connect();
draw();
