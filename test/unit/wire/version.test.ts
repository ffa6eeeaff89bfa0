import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { version } from '../../../wire/version.ts'

test('the version in the code matches package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  expect(version, 'change wire/version.ts together with package.json').toBe(manifest.version)
})
