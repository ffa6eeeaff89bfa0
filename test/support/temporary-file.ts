/** Files for programs that read their input from disk. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

/** Writes text or bytes under a name in a new folder, which is removed when the running test ends, and gives the path. */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const folder = await temporaryFolder()
  const file = path.join(folder, name)
  await writeFile(file, content)
  return file
}
