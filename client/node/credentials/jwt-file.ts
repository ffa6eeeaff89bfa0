/** A JWT that somebody else keeps fresh in a file, as Kubernetes does for service accounts (gRFC A97). */
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { readRegularFile } from '../base/read-regular-file.ts'
import { type CallCredentials, CREDENTIALS_KINDS, type CredentialsOptions } from './call-credentials.ts'
import { JwtSource, MAX_CHARACTERS } from './jwt-source.ts'

/** How the file is read. */
export interface JwtFileOptions extends CredentialsOptions {
  /** The time, in milliseconds since 1970, which `exp` is held against. Default: `Date.now`. */
  readonly now?: () => number
}

const SHAPE: OptionShape = { kinds: { ...CREDENTIALS_KINDS, now: ['function'] } satisfies OptionKinds<JwtFileOptions> }

/**
 * The file is read when a call needs it, and again in the last minute of its token, while that one is still sent until 30 s before
 * it expires. There are no timers. Calls fail with UNAVAILABLE where the file cannot be read and with UNAUTHENTICATED where
 * it holds no valid token; the next look at it is then a second away, and further with each failure, up to two minutes.
 *
 * @param path of a regular file, or of a link to one, that holds one JWT and nothing else but white space around it
 */
export function jwtFile(path: string, options: JwtFileOptions = {}): CallCredentials {
  checkOptions('jwtFile', options, SHAPE)
  const { requiresTls = true, now = Date.now } = options
  if (path === '') throw new RangeError('the path of the JWT is "", and must name a file')
  // One octet more than may be.
  const read = (): Promise<string> => readRegularFile(path, MAX_CHARACTERS + 1)
  const source = new JwtSource({ read, now, random: Math.random })
  return Object.freeze({
    requiresTls,
    metadata: async () => ({ authorization: `Bearer ${await source.token()}` }),
  })
}
