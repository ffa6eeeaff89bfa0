/** The errors that the troubleshooting page explains are those of the product. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, readText } from '../support/pages/read-page.ts'

/** What varies in an error. */
const VARIABLE = '…'

/** The string literals of the product, with `…` in place of what they insert. */
const texts = globSync(['server/**/*.ts', 'client/**/*.ts', 'wire/**/*.ts'], { cwd: ROOT }).flatMap((file) =>
  literalsOf(readFileSync(path.join(ROOT, file), 'utf8')),
)

const quoted = [...new Set(quotedErrors(readText('docs/troubleshooting.md')))]

test('the page explains errors', () => {
  expect(quoted.length).toBeGreaterThan(40)
})

test.each(quoted)('the product can say %j', (error) => {
  expect(isSaid(error)).toBe(true)
})

test('a text that nothing says is found', () => {
  expect(isSaid('the call needs one message, but none was sent')).toBe(true)
  expect(isSaid('the call needs … messages, but none was sent')).toBe(false)
  expect(isSaid('no such error')).toBe(false)
})

/** The first cells of the tables whose first column is called "error". */
function quotedErrors(page: string): string[] {
  const tables = page.matchAll(/^\| error \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)/gm)
  const rows = Array.from(tables, ([, body = '']) => body.trim().split('\n')).flat()
  return rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? row)
}

/** Whether a literal has all fixed parts of the error, in their order. */
function isSaid(error: string): boolean {
  const parts = error.split(VARIABLE).filter((part) => part.trim() !== '')
  return texts.some((text) => {
    let at = 0
    return parts.every((part) => {
      const found = text.indexOf(part, at)
      at = found + part.length
      return found >= 0
    })
  })
}

function literalsOf(source: string): string[] {
  return source
    .split('\n')
    .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line))
    .flatMap((line) => line.replaceAll(/\$\{[^`]*?\}/g, VARIABLE).match(/`[^`]*`|'[^']*'|"[^"]*"/g) ?? [])
}
