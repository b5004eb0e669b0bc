// Copyright 2026 The aiorcl authors
// SPDX-License-Identifier: Apache-2.0
// The map: the robot, where it was and will be, and what its laser sees and ever saw.

import {sharpen} from './plots.js';

const VIEW = {length: 7.8, width: 4.7};
const TRAIL = 260;
const canvas = document.querySelector('#map canvas');
const wall = new Set(), trail = [];
let pose = null, scan = null, plan = [], shown = null;

/** Takes in what a frame says of the robot. */
export function moveRobot(robot) {
  if (robot.odom) {
    pose = robot.odom;
    const last = trail.at(-1);
    if (!last || Math.hypot(last[0] - pose.x, last[1] - pose.y) > 0.04) {
      trail.push([pose.x, pose.y]);
      if (trail.length > TRAIL) trail.shift();
    }
  }
  if (robot.plan) plan = robot.plan.points;
  if (robot.scan && pose) {
    scan = robot.scan.ranges_mm.map((range, i) => {
      const angle = pose.yaw + robot.scan.angle_min + i * robot.scan.angle_increment;
      return [pose.x + range / 1000 * Math.cos(angle), pose.y + range / 1000 * Math.sin(angle)];
    });
    // What the laser ever saw stays on the map, in cells of 5 cm.
    for (const [x, y] of scan) wall.add(`${Math.round(20 * x)},${Math.round(20 * y)}`);
  }
}

export function drawMap() {
  const [pen, width, height] = sharpen(canvas);
  const scale = Math.min(width / VIEW.length, height / VIEW.width);
  pen.translate(width / 2, height / 2);
  pen.scale(scale, -scale);
  drawGrid(pen);
  if (!pose) return;
  // Messages come faster than the eye; the robot glides to where they say.
  shown ??= {...pose};
  const turn = Math.atan2(Math.sin(pose.yaw - shown.yaw), Math.cos(pose.yaw - shown.yaw));
  shown = {
    x: shown.x + 0.5 * (pose.x - shown.x),
    y: shown.y + 0.5 * (pose.y - shown.y),
    yaw: shown.yaw + 0.5 * turn,
  };
  if (scan) drawScan(pen);
  drawPlan(pen);
  drawTrail(pen);
  drawRobot(pen);
}

function drawGrid(pen) {
  pen.strokeStyle = '#18212d';
  pen.lineWidth = 0.008;
  pen.beginPath();
  for (let x = -8; x <= 8; x += 0.5) { pen.moveTo(x, -5); pen.lineTo(x, 5); }
  for (let y = -5; y <= 5; y += 0.5) { pen.moveTo(-8, y); pen.lineTo(8, y); }
  pen.stroke();
}

function drawScan(pen) {
  const light = pen.createRadialGradient(shown.x, shown.y, 0, shown.x, shown.y, 4.2);
  light.addColorStop(0, 'rgba(45, 212, 191, .22)');
  light.addColorStop(1, 'rgba(45, 212, 191, .03)');
  pen.fillStyle = light;
  pen.beginPath();
  for (const [x, y] of scan) pen.lineTo(x, y);
  pen.fill();
  pen.fillStyle = '#3d4d63';
  for (const cell of wall) {
    const [x, y] = cell.split(',');
    pen.fillRect(x / 20 - 0.015, y / 20 - 0.015, 0.03, 0.03);
  }
  pen.fillStyle = '#2dd4bf';
  pen.beginPath();
  for (const [x, y] of scan) {
    pen.moveTo(x + 0.024, y);
    pen.arc(x, y, 0.024, 0, 2 * Math.PI);
  }
  pen.fill();
}

function drawPlan(pen) {
  pen.strokeStyle = 'rgba(167, 139, 250, .85)';
  pen.lineWidth = 0.022;
  pen.setLineDash([0.07, 0.07]);
  pen.beginPath();
  for (const [x, y] of plan) pen.lineTo(x, y);
  pen.stroke();
  pen.setLineDash([]);
}

function drawTrail(pen) {
  pen.lineWidth = 0.035;
  pen.lineCap = 'round';
  const points = [...trail, [shown.x, shown.y]];
  for (let i = 1; i < points.length; ++i) {
    pen.strokeStyle = `rgba(251, 191, 36, ${0.85 * i / points.length})`;
    pen.beginPath();
    pen.moveTo(...points[i - 1]);
    pen.lineTo(...points[i]);
    pen.stroke();
  }
}

function drawRobot(pen) {
  pen.save();
  pen.translate(shown.x, shown.y);
  pen.rotate(shown.yaw);
  pen.shadowColor = 'rgba(45, 212, 191, .9)';
  pen.shadowBlur = 18;
  pen.fillStyle = '#f1f5f9';
  pen.beginPath();
  pen.moveTo(0.21, 0);
  pen.lineTo(-0.15, 0.15);
  pen.lineTo(-0.08, 0);
  pen.lineTo(-0.15, -0.15);
  pen.closePath();
  pen.fill();
  pen.restore();
}
