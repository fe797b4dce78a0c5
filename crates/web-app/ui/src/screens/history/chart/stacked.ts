import { gapSpans, measured, UNDERWAY_S } from '../../../lib/gaps';
import { edges, type Layer } from '../../../lib/stack';
import type { Palette } from './colors';
import { hatchSpans } from './hatch';
import type { Plot } from './plot';

export interface Bars {
  starts: readonly number[];
  ends: readonly number[];
  /** The sum of the layers, and how much of each bar was measured. */
  total: readonly (number | null)[];
  coverage: readonly number[];
  layers: readonly Layer[];
  /** The other period's energy, bar by bar. */
  ghost: readonly (number | null)[];
  joulesPerUnit: number;
  now: number;
}

/** Draws the bars in one pass; the stacking stays in whole joules. */
export function drawBars(plot: Plot, bars: Bars, palette: Palette): void {
  const { ctx, unit } = plot;
  const end = bars.ends.at(-1) ?? 0;
  hatchSpans(plot, gapSpans(bars.starts, bars.total, end, bars.now - UNDERWAY_S), palette.hatch);
  ctx.save();
  drawGhosts(plot, bars, palette, unit);
  bars.starts.forEach((start, i) => {
    const stop = bars.ends[i] ?? start;
    // Whole device pixels: an edge between two of them is a blur.
    const x = Math.round(plot.x(start));
    const right = Math.round(plot.x(stop));
    const width = Math.max(1, right - x - spaceBeside(right - x, unit));
    drawBar(plot, bars, i, x, width, palette, unit);
    const value = bars.total[i] ?? null;
    if (measured(bars.coverage[i] ?? 0, value, start, stop - start, bars.now) === 'part') {
      const { top, height } = plot.box;
      ctx.fillStyle = palette.edge;
      ctx.fillRect(x, top + height + 2 * unit, width, 2 * unit);
    }
  });
  drawGhostLines(plot, bars, palette, unit);
  ctx.restore();
}

/** An eighth of the slot, at least a pixel; where a slot has hardly more than that, bars close up. */
function spaceBeside(slot: number, unit: number): number {
  if (slot <= 2 * unit) return 0;
  return Math.max(1, Math.min(Math.floor(slot / 8), Math.round(8 * unit)));
}

function drawGhosts(plot: Plot, { starts, ends, ghost, joulesPerUnit }: Bars, palette: Palette, unit: number): void {
  const { ctx, box } = plot;
  const floor = box.top + box.height;
  ctx.fillStyle = palette.sunken;
  ghost.forEach((joules, i) => {
    const [start, end] = [starts[i], ends[i]];
    if (joules === null || start === undefined || end === undefined) return;
    const x = Math.round(plot.x(start));
    const right = Math.round(plot.x(end));
    const top = Math.round(plot.y(joules / joulesPerUnit));
    const gap = right - x > 12 * unit ? spaceBeside(right - x, unit) : 0;
    ctx.fillRect(x, top, right - x - gap, floor - top);
  });
}

/** Over the bars, so that the other period is seen where it was less as well. */
function drawGhostLines(plot: Plot, { starts, ends, ghost, joulesPerUnit }: Bars, palette: Palette, unit: number): void {
  const { ctx } = plot;
  const line = Math.max(1, Math.round(1.25 * unit));
  let before: number | null = null;
  ghost.forEach((joules, i) => {
    const [start, end] = [starts[i], ends[i]];
    if (joules === null || start === undefined || end === undefined) {
      before = null;
      return;
    }
    const x = Math.round(plot.x(start));
    const right = Math.round(plot.x(end));
    const top = Math.round(plot.y(joules / joulesPerUnit));
    const narrow = right - x <= 12 * unit;
    const width = right - x - (narrow ? 0 : spaceBeside(right - x, unit));
    if (narrow) {
      // Single strokes this short would be dust: they become one line.
      ctx.fillStyle = palette.soft;
      ctx.fillRect(x, top, width, Math.round(unit));
      if (before !== null) ctx.fillRect(x, Math.min(before, top), Math.round(unit), Math.abs(top - before) + Math.round(unit));
    } else {
      // A hem of the card's colour keeps the line visible on any layer.
      const hem = Math.ceil(unit / 2);
      ctx.fillStyle = palette.card;
      ctx.fillRect(x, top - hem, width, line + 2 * hem);
      ctx.fillStyle = palette.ink;
      ctx.fillRect(x, top, width, line);
    }
    before = top;
  });
}

function drawBar(
  plot: Plot,
  { layers, joulesPerUnit }: Bars,
  bucket: number,
  x: number,
  width: number,
  palette: Palette,
  unit: number,
): void {
  const { ctx } = plot;
  const parts = edges(layers, bucket);
  const y = (joules: number): number => Math.round(plot.y(joules / joulesPerUnit));
  parts.forEach((part, index) => {
    const top = y(part.to);
    const height = y(part.from) - top;
    ctx.fillStyle = palette.layers[part.color] ?? palette.soft;
    ctx.beginPath();
    if (height === 0) return;
    const round = index === parts.length - 1 && width >= 6 * unit ? Math.min(2 * unit, height) : 0;
    ctx.roundRect(x, top, width, height, [round, round, 0, 0]);
    ctx.fill();
    // A hairline between layers keeps neighbours apart for those who see their colours alike.
    if (index > 0 && height > 4 * unit) {
      const hair = Math.max(1, Math.floor(unit / 2));
      ctx.fillStyle = palette.card;
      ctx.fillRect(x, top + height - hair, width, hair);
    }
  });
}
