/** Files that a message takes its content from. */

/** With more, the page would stop answering, and most servers would refuse the request. */
const MAX_BYTES = 32 * 1024 * 1024

/** Hands a file over. Returns why that failed, as a sentence; null if it did not. */
export async function loadFile(file: File, take: (file: File) => Promise<void>): Promise<string | null> {
  if (file.size > MAX_BYTES) return `${file.name} is larger than 32 MiB.`
  try {
    await take(file)
    return null
  } catch (error) {
    return `${file.name} cannot be read: ${error instanceof Error ? error.message : error}`
  }
}
