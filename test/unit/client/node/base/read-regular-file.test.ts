import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readRegularFile } from '../../../../../client/node/base/read-regular-file.ts'
import { temporaryFile } from '../../../../support/temporary-file.ts'

test('reads a file up to its limit, also through links', async () => {
  const path = await temporaryFile('text', 'abcdef')
  await symlink(path, `${path}.link`)
  expect(await readRegularFile(`${path}.link`, 100)).toBe('abcdef')
  expect(await readRegularFile(path, 3)).toBe('abc')
})

test.skipIf(process.platform === 'win32')('rejects a pipe without a writer at once', async () => {
  const path = `${await temporaryFile('text', '')}.pipe`
  execFileSync('mkfifo', [path])
  await expect(readRegularFile(path, 3)).rejects.toThrow('it is not a regular file')
})

test.each(['/', '/dev/zero'])('%s is not a regular file', async (path) => {
  await expect(readRegularFile(path, 3)).rejects.toThrow('it is not a regular file')
})
