import type uPlot from 'uplot';
import type { Usage } from '../../../api/types';
import { JOULES_PER_WH } from '../../../lib/energy';
import { gapSpans, measured, UNDERWAY_S } from '../../../lib/gaps';
import { edges, type Layer } from '../../../lib/stack';
import type { Palette } from './colors';
import { hatchSpans } from './hatch';

export const QUARTER_S = 900;

/** Draws the bars in one pass: uPlot keeps the scales and axes, the stacking stays in whole joules. */
export function drawStacked(plot: uPlot, usage: Usage, layers: readonly Layer[], now: number, palette: Palette): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  hatchSpans(plot, gapSpans(usage.starts, usage.total.energy_j, QUARTER_S, now - UNDERWAY_S), palette.hatch);
  ctx.save();
  usage.starts.forEach((start, i) => {
    // Whole device pixels: an edge between two of them is a blur.
    const x = Math.round(plot.valToPos(start, 'x', true));
    const right = Math.round(plot.valToPos(start + QUARTER_S, 'x', true));
    const width = Math.max(1, right - x - Math.max(1, Math.floor((right - x) / 8)));
    drawBar(plot, layers, i, x, width, palette, ratio);
    const value = usage.total.energy_j[i] ?? null;
    if (measured(usage.total.coverage[i] ?? 0, value, start, QUARTER_S, now) === 'part') {
      const { top, height } = plot.bbox;
      ctx.fillStyle = palette.edge;
      ctx.fillRect(x, top + height + 2 * ratio, width, 2 * ratio);
    }
  });
  ctx.restore();
}

function drawBar(
  plot: uPlot,
  layers: readonly Layer[],
  bucket: number,
  x: number,
  width: number,
  palette: Palette,
  ratio: number,
): void {
  const { ctx } = plot;
  const parts = edges(layers, bucket);
  const y = (joules: number): number => Math.round(plot.valToPos(joules / JOULES_PER_WH, 'y', true));
  parts.forEach((part, index) => {
    const top = y(part.to);
    const height = y(part.from) - top;
    ctx.fillStyle = palette.layers[part.color] ?? palette.soft;
    ctx.beginPath();
    if (height === 0) return;
    const round = index === parts.length - 1 && width >= 6 * ratio ? Math.min(2 * ratio, height) : 0;
    ctx.roundRect(x, top, width, height, [round, round, 0, 0]);
    ctx.fill();
    // A hairline between layers keeps neighbours apart for those who see their colours alike.
    if (index > 0 && height > 4 * ratio) {
      const hair = Math.max(1, Math.floor(ratio / 2));
      ctx.fillStyle = palette.card;
      ctx.fillRect(x, top + height - hair, width, hair);
    }
  });
}
