// `npm run icons`: draws every icon from its SVG, with Chromium. The results are checked in, so that a package needs no browser.
//
//   icon.svg       → icons/<size>x<size>.png (Linux), icon.ico (Windows), icon.icns (macOS)
//   tray/<state>.svg → <state>Template.png and @2x (macOS), <state>-{dark,light}.png and @2x (Linux), .ico (Windows)
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const assets = dirname(fileURLToPath(import.meta.url));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();

/**
 * @param {string} svg
 * @param {number} size pixels
 * @param {string} color of `currentColor`
 * @returns {Promise<Buffer>}
 */
async function draw(svg, size, color = 'black') {
  await page.setViewportSize({ width: size, height: size });
  const style = `*{margin:0}svg{display:block;width:${size}px;height:${size}px;color:${color}}`;
  await page.setContent(`<style>${style}</style>${svg}`);
  return page.screenshot({ omitBackground: true });
}

/**
 * An ICO with PNG images, as Windows reads it since Vista.
 *
 * @param {ReadonlyArray<{ size: number, png: Buffer }>} images
 */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of images.entries()) {
    const at = 6 + 16 * index;
    // 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/**
 * An ICNS with PNG images.
 *
 * @param {ReadonlyArray<{ type: string, png: Buffer }>} images
 */
function icns(images) {
  const parts = images.map(({ type, png }) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const icon = readFileSync(join(assets, 'icon.svg'), 'utf8');
for (const size of [16, 32, 48, 64, 128, 256, 512]) {
  writeFileSync(join(assets, 'icons', `${size}x${size}.png`), await draw(icon, size));
}
const windows = [];
for (const size of [16, 24, 32, 48, 64, 128, 256]) windows.push({ size, png: await draw(icon, size) });
writeFileSync(join(assets, 'icon.ico'), ico(windows));
const mac = [];
for (const [type, size] of /** @type {const} */ ([
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
])) {
  mac.push({ type, png: await draw(icon, size) });
}
writeFileSync(join(assets, 'icon.icns'), icns(mac));

const tray = join(assets, 'tray');
for (const file of readdirSync(tray).filter((name) => name.endsWith('.svg'))) {
  const name = file.slice(0, -4);
  const svg = readFileSync(join(tray, file), 'utf8');
  // 16 points in the menu bar of a Mac; 22 in most Linux panels.
  writeFileSync(join(tray, `${name}Template.png`), await draw(svg, 16));
  writeFileSync(join(tray, `${name}Template@2x.png`), await draw(svg, 32));
  // For a dark panel the icon is light, and the other way round.
  for (const [panel, color] of [
    ['dark', '#f2f4f6'],
    ['light', '#1b2126'],
  ]) {
    writeFileSync(join(tray, `${name}-${panel}.png`), await draw(svg, 22, color));
    writeFileSync(join(tray, `${name}-${panel}@2x.png`), await draw(svg, 44, color));
    const images = [];
    for (const size of [16, 20, 24, 32, 48]) images.push({ size, png: await draw(svg, size, color) });
    writeFileSync(join(tray, `${name}-${panel}.ico`), ico(images));
  }
}
await browser.close();
