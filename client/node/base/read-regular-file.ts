/** Reads a file that others write. A pipe or device in its place could block a thread forever, or never end. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { text } from 'node:stream/consumers'

/** Windows has no such flag, and no pipes in its file system. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Reads the first `maxBytes` octets as UTF-8. Links are followed.
 *
 * @throws Error if the file cannot be opened or read, or is not a regular file
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, READ_ONLY)
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file')
    return await text(file.createReadStream({ end: maxBytes - 1, autoClose: false }))
  } finally {
    await file.close()
  }
}
