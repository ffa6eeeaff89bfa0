/** Folders for what programs find on disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** Makes an empty one, which is removed when the running test ends with all that is in it, and gives its path. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'portico-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
