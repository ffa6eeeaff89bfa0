/** AU-6: a policy file is read again when it changes, and a bad one leaves the last good policy in use. */
import { rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { PolicyFile } from '../../../../../server/auth/policy/policy-file.ts'
import { ManualClock } from '../../../../support/manual-clock.ts'
import { temporaryFolder } from '../../../../support/temporary-folder.ts'

const REFRESH_MS = 5_000

/** A file whose text is used unless it says `bad`. */
async function openFile(refreshMs = REFRESH_MS) {
  const file = path.join(await temporaryFolder(), 'policy.json')
  await writeFile(file, 'one')
  const clock = new ManualClock()
  const used: string[] = []
  const errors: string[] = []
  const watched = new PolicyFile(file, {
    use(text) {
      if (text.includes('bad')) throw new Error(`${text} policy`)
      used.push(text)
    },
    refreshMs,
    clock,
    onError: (error) => errors.push(String(error)),
  })
  await watched.open()
  /** Lets the next read end. */
  async function refresh() {
    clock.advance(REFRESH_MS)
    await vi.waitFor(() => expect(clock.pending).toBe(1))
  }
  return { file, watched, clock, used, errors, refresh }
}

describe('AU-6', () => {
  test('a changed file is used, an unchanged one is not used again', async () => {
    const { file, used, refresh } = await openFile()
    await refresh()
    await writeFile(file, 'two')
    await refresh()
    await refresh()
    expect(used).toEqual(['one', 'two'])
  })

  test('a replaced symbolic link is followed', async () => {
    const { file, used, refresh } = await openFile()
    const folder = path.dirname(file)
    await writeFile(path.join(folder, 'other'), 'two')
    await symlink('other', path.join(folder, 'link'))
    await rename(path.join(folder, 'link'), file)
    await refresh()
    expect(used).toEqual(['one', 'two'])
  })

  test('each bad state is reported once, and the next good one is used', async () => {
    const { file, used, errors, refresh } = await openFile()
    for (const text of ['bad 1', 'bad 1', 'bad 2']) {
      await writeFile(file, text)
      await refresh()
    }
    await rm(file)
    await refresh()
    await refresh()
    await writeFile(file, Buffer.alloc(2_000_000))
    await refresh()
    await refresh()
    await writeFile(file, Buffer.from([0xff]))
    await refresh()
    expect(used).toEqual(['one'])
    expect(errors).toEqual([
      'Error: bad 1 policy',
      'Error: bad 2 policy',
      expect.stringContaining('ENOENT'),
      expect.stringContaining('it is larger than 1048576 bytes'),
      expect.stringContaining('encoded data'),
    ])
    await writeFile(file, 'one')
    await refresh()
    expect(used).toEqual(['one', 'one'])
  })

  test('a reload says whether the content of the file is in use', async () => {
    const { file, watched, used, errors } = await openFile(0)
    expect(await watched.reload()).toBe(true)
    await writeFile(file, 'bad')
    expect(await watched.reload()).toBe(false)
    expect(await watched.reload()).toBe(false)
    await writeFile(file, 'two')
    expect(await Promise.all([watched.reload(), watched.reload()])).toEqual([true, true])
    expect(used).toEqual(['one', 'two'])
    expect(errors).toHaveLength(1)
  })

  test('reads end when it is closed', async () => {
    const { watched, clock } = await openFile()
    expect(clock.pending).toBe(1)
    watched.close()
    expect(clock.pending).toBe(0)
  })

  test('a first read that fails names the file', async () => {
    const options = { use: () => {}, refreshMs: 0, clock: new ManualClock(), onError: () => {} }
    await expect(new PolicyFile('/no/such/policy', options).open()).rejects.toThrow('/no/such/policy: ENOENT')
    const { file } = await openFile()
    const use = () => {
      throw new RangeError('name is missing')
    }
    await expect(new PolicyFile(file, { ...options, use }).open()).rejects.toThrow(`${file}: name is missing`)
  })
})
