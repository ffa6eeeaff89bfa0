/** Files for programs that read their input from disk. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

/** Writes text or bytes to a named file in a new directory, which is removed when the running test ends, and returns the path. */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const folder = await temporaryFolder()
  const file = path.join(folder, name)
  await writeFile(file, content)
  return file
}
