import type uPlot from 'uplot';
import type { Span } from '../../../lib/gaps';

function pattern(ctx: CanvasRenderingContext2D, color: string, ratio: number): CanvasPattern | null {
  const size = Math.round(7 * ratio);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const pen = tile.getContext('2d');
  if (!pen) return null;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5 * ratio;
  // Three strokes, so that the diagonal goes on across the edges of the tile.
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
  return ctx.createPattern(tile, 'repeat');
}

export function hatchSpans(plot: uPlot, spans: readonly Span[], color: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const fill = pattern(ctx, color, ratio);
  if (!fill) return;
  ctx.save();
  ctx.fillStyle = fill;
  for (const span of spans) {
    const left = Math.round(plot.valToPos(span.from, 'x', true));
    const right = Math.round(plot.valToPos(span.to, 'x', true));
    ctx.fillRect(left, bbox.top, Math.max(ratio, right - left), bbox.height);
  }
  ctx.restore();
}
