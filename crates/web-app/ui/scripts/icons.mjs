// The mark of public/favicon.svg as PNG files, for those who install the page: drawn here, pixel by pixel, from the
// same numbers, because a rasteriser would be a large dependency for two shapes.
import { crc32, deflateSync } from 'node:zlib';

const BOX = 32;
const CORNER = 9.5;
const STROKE = 2.6;
const LINE = [[5.5, 17.5], [10.7, 17.5], [13.8, 8.5], [18.4, 23.5], [21.7, 14.9], [26.5, 14.9]];
const GREEN = [0x0b, 0x7a, 0x5b];
const WHITE = [255, 255, 255];

function toRoundedBox(x, y) {
  const inner = BOX / 2 - CORNER;
  const dx = Math.abs(x - BOX / 2) - inner;
  const dy = Math.abs(y - BOX / 2) - inner;
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - CORNER;
}

function toLine(x, y) {
  let least = Infinity;
  for (let i = 1; i < LINE.length; i++) {
    const [[ax, ay], [bx, by]] = [LINE[i - 1], LINE[i]];
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const t = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return least - STROKE / 2;
}

/** A square PNG. `full` fills it to its corners and draws the mark smaller, for masks that cut them off. */
export function drawIcon(size, { full = false } = {}) {
  const scale = full ? 0.72 : 1;
  const unit = BOX / size / scale;
  // How much of a pixel lies inside of an edge at this distance.
  const inside = (distance) => Math.min(1, Math.max(0, 0.5 - distance / unit));
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [column, row].map((n) => (n + 0.5 - size / 2) * unit + BOX / 2);
      const line = inside(toLine(x, y));
      const at = row * (size * 4 + 1) + 1 + column * 4;
      for (let i = 0; i < 3; i++) rows[at + i] = Math.round(GREEN[i] + (WHITE[i] - GREEN[i]) * line);
      rows[at + 3] = full ? 255 : Math.round(255 * inside(toRoundedBox(x, y)));
    }
  }
  return png(size, rows);
}

function png(size, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Eight bits each of red, green, blue and alpha.
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
