/** Credentials from a JWT file that another program updates, as Kubernetes does for service accounts (gRFC A97). */
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { readRegularFile } from '../base/read-regular-file.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'
import { JwtSource, MAX_CHARACTERS } from './jwt-source.ts'

/** Options of `jwtFile`. */
export interface JwtFileOptions extends CredentialsOptions {
  /** Returns the time that `exp` is compared with, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number
}

const SHAPE: OptionShape = { kinds: { ...CREDENTIALS_KINDS, now: ['function'] } satisfies OptionKinds<JwtFileOptions> }

/**
 * Reads the file when a call needs it, and again in the last minute of its token, which is still sent until 30 s before it expires. Uses no
 * timers. Calls fail with UNAVAILABLE if the file cannot be read, and with UNAUTHENTICATED if it contains no valid token. The file is then
 * read again after a second at the earliest, and later after each failure, up to two minutes.
 *
 * @param path a regular file, or a link to one, that contains one JWT, possibly surrounded by white space
 */
export function jwtFile(path: string, options: JwtFileOptions = {}): CallCredentials {
  checkOptions('jwtFile', options, SHAPE)
  const { requiresTls = true, now = Date.now } = options
  if (path === '') throw new RangeError('the path of the JWT is "", and must name a file')
  // One octet more than allowed.
  const read = (): Promise<string> => readRegularFile(path, MAX_CHARACTERS + 1)
  const source = new JwtSource({ read, now, random: Math.random })
  return Object.freeze({
    requiresTls,
    metadata: async () => ({ authorization: `Bearer ${await source.token()}` }),
  })
}
