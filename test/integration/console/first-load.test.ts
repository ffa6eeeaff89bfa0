/** How much a browser loads before the console shows anything: the rest follows when it is needed. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { builtConsole } from '../../support/console-app.ts'

const MAX_FIRST_BYTES = 45 * 1_024

/** All views, editors and charts together, compressed. */
const MAX_ALL_BYTES = 400 * 1_024

test('the page, its script and its style take at most 45 KiB, compressed', async () => {
  const folder = await builtConsole()
  const html = await readFile(path.join(folder, 'index.html'), 'utf8')
  const names = Array.from(html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g), ([, name]) => name ?? '')
  const first = ['index.html', ...names]
  const sizes = await Promise.all(first.map((name) => compressedBytes(path.join(folder, name))))
  const seen = first.map((name, index) => `${name}: ${sizes[index]}`).join('\n')
  expect(names.length).toBeGreaterThanOrEqual(2)
  expect(total(sizes), seen).toBeLessThanOrEqual(MAX_FIRST_BYTES)
}, 60_000)

test('everything together takes at most 400 KiB, compressed', async () => {
  const assets = path.join(await builtConsole(), 'assets')
  const sizes = await Promise.all((await readdir(assets)).map((name) => compressedBytes(path.join(assets, name))))
  expect(total(sizes)).toBeLessThanOrEqual(MAX_ALL_BYTES)
}, 60_000)

async function compressedBytes(file: string): Promise<number> {
  return gzipSync(await readFile(file)).byteLength
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
