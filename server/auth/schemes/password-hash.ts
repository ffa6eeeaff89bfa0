/** Hashes of passwords by scrypt, computed outside the event loop. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** A hash with what is needed to compute it again. */
export interface PasswordHash {
  readonly options: ScryptOptions
  readonly salt: Buffer
  readonly digest: Buffer
}

/** 32 MiB and three passes, one of the settings that OWASP recommends: about 0.2 s. */
const LOG2_COST = 15
const BLOCK_SIZE = 8
const PASSES = 3
const SALT_BYTES = 16
const DIGEST_BYTES = 32

/** The PHC string format, as other programs write it too. */
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,})\$([A-Za-z0-9+/]{22,})$/

/** Returns the hash of a password, for `users` of `basic`: `$scrypt$ln=15,r=8,p=3$...`, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const options = scryptOptions(LOG2_COST, BLOCK_SIZE, PASSES)
  const digest = await derive(password, { options, salt, digest: Buffer.alloc(DIGEST_BYTES) })
  const [saltText, digestText] = [salt, digest].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  return `$scrypt$ln=${LOG2_COST},r=${BLOCK_SIZE},p=${PASSES}$${saltText}$${digestText}`
}

/** Parses a hash. Undefined for one in another format, or with settings that are too weak or would take minutes. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, ln = '', r = '', p = '', salt = '', digest = ''] = FORMAT.exec(text) ?? []
  const [cost, blockSize, passes] = [Number(ln), Number(r), Number(p)]
  if (cost < 10 || cost > 20 || blockSize < 1 || blockSize > 16 || passes < 1 || passes > 16) return undefined
  return {
    options: scryptOptions(cost, blockSize, passes),
    salt: Buffer.from(salt, 'base64'),
    digest: Buffer.from(digest, 'base64'),
  }
}

/** Whether a password has this hash. */
export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.digest)
}

function scryptOptions(log2Cost: number, blockSize: number, passes: number): ScryptOptions {
  const cost = 2 ** log2Cost
  // Node's own limit is below what these settings need.
  return { N: cost, r: blockSize, p: passes, maxmem: 256 * cost * blockSize }
}

function derive(password: string, { options, salt, digest }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, digest.byteLength, options, (error, derived) => (error ? reject(error) : resolve(derived)))
  })
}
