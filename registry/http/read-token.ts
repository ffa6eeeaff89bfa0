/** Reads the token of an API from a file that another program updates. */
import { readRegularFile } from '../../client/node/base/read-regular-file.ts'

const MAX_TOKEN_CHARS = 65_536

/**
 * Returns the token in a file. It is read for every request, as requests are rare and tokens expire.
 *
 * @throws Error that names the file, never its content
 */
export async function readToken(path: string): Promise<string> {
  const token = (await readRegularFile(path, MAX_TOKEN_CHARS)).trim()
  if (isToken(token)) return token
  throw new Error(`${path} contains no token: it must be one line of printable ASCII characters`)
}

/** Whether the text can be the value of a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text)
}
