import type { Axis } from '../../../lib/axis';
import type { Span } from '../../../lib/gaps';
import type { Palette } from './colors';
import { drawArea } from './area';

export interface Label {
  at: number;
  text: string;
}

export interface PlotSpec {
  /** Start and end of every bucket, unix seconds. */
  starts: readonly number[];
  ends: readonly number[];
  values: readonly (number | null)[];
  range: Span;
  y: Axis;
  yLabel: (value: number) => string;
  labels: Label[];
  /** Given: the values are drawn as an area of this colour. */
  area?: number;
  draw: (plot: Plot, palette: Palette) => void;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A canvas with two scales. All its positions are device pixels, so that edges can be put between them. */
export interface Plot {
  canvas: HTMLCanvasElement;
  ctx: CanvasRenderingContext2D;
  /** Device pixels of a CSS pixel, and of what a stroke of one pixel is where the page is larger (4K). */
  ratio: number;
  unit: number;
  /** Where values are drawn; around it are the labels. */
  box: Box;
  x: (unix: number) => number;
  y: (value: number) => number;
  timeAt: (x: number) => number;
}

/** Labels, grid and values in one picture; pointing is done outside, because it serves keys and touch as well. */
export function drawPlot(canvas: HTMLCanvasElement, spec: PlotSpec, palette: Palette, width: number, height: number): Plot | null {
  const ctx = canvas.getContext('2d');
  if (!ctx) return null;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) * ratio;
  ctx.font = `500 ${Math.round(rem * 0.71)}px ${palette.font}`;
  const left = Math.ceil(Math.max(...spec.y.ticks.map((tick) => ctx.measureText(spec.yLabel(tick)).width)) + rem * 0.5);
  const top = Math.round(rem * 0.5);
  const box = { left, top, width: canvas.width - left, height: canvas.height - top - Math.round(rem * 1.75) };
  const { from, to } = spec.range;
  const plot: Plot = {
    canvas,
    ctx,
    ratio,
    unit: rem / 16,
    box,
    x: (unix) => box.left + ((unix - from) / (to - from)) * box.width,
    y: (value) => box.top + box.height * (1 - value / spec.y.top),
    timeAt: (x) => from + ((x - box.left) / box.width) * (to - from),
  };
  drawGrid(plot, spec, palette, rem);
  drawLabels(plot, spec, palette, rem);
  if (spec.area !== undefined) drawArea(plot, spec, lineColor(palette, spec.area));
  spec.draw(plot, palette);
  return plot;
}

function drawGrid({ ctx, box, unit, y }: Plot, spec: PlotSpec, palette: Palette, rem: number): void {
  const line = Math.max(1, Math.round(unit));
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  for (const tick of spec.y.ticks) {
    const at = Math.round(y(tick));
    ctx.fillStyle = palette.line;
    ctx.fillRect(box.left, at, box.width, line);
    ctx.fillStyle = palette.soft;
    ctx.fillText(spec.yLabel(tick), box.left - rem * 0.5, at);
  }
}

/** A label stands under its place, but never beyond the edge nor in another one. */
function drawLabels({ ctx, box, canvas, x }: Plot, spec: PlotSpec, palette: Palette, rem: number): void {
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.fillStyle = palette.soft;
  let taken = -Infinity;
  for (const { at, text } of spec.labels) {
    const { width } = ctx.measureText(text);
    const start = Math.max(0, Math.min(x(at) - width / 2, canvas.width - width));
    if (start < taken) continue;
    ctx.fillText(text, Math.round(start), box.top + box.height + Math.round(rem * 1.25));
    taken = start + width + rem * 0.25;
  }
}

/** The grey of the others is for areas; as a thin line it would be too faint. */
function lineColor(palette: Palette, layer: number): string {
  const color = palette.layers[layer];
  return color === undefined || layer === palette.layers.length - 1 ? palette.soft : color;
}

/** The bucket under a horizontal position within the picture; beside the values it is the nearest one. */
export function bucketAt(plot: Plot, left: number, starts: readonly number[]): number | null {
  if (starts.length === 0) return null;
  const at = plot.timeAt(left * plot.ratio);
  return Math.max(0, starts.findLastIndex((start) => start <= at));
}
