/** What a Redis server says about itself. */
import type { Redis } from 'ioredis'
import { RedisRefusal } from './redis-faults.ts'

/** What the hub needs to know of a server. */
export interface RedisServerInfo {
  /** Names this run of the server; empty if the user may not ask. */
  readonly run: string
  /** It cannot have lost messages when it started: it appends every write to a file, and does not replace another server. */
  readonly keepsAll: boolean
}

const OLDEST_MAJOR = 7
const UNKNOWN: RedisServerInfo = { run: '', keepsAll: true }

/** Asks a server. Throws a RedisRefusal if it is too old for sharded pub/sub. */
export async function readServerInfo(redis: Redis): Promise<RedisServerInfo> {
  const text = await redis.info().catch((error: Error) => {
    if (error.message.startsWith('NOPERM')) return undefined
    throw error
  })
  if (text === undefined) return UNKNOWN
  const fields = new Map(text.split('\r\n').map((line) => split(line)))
  const version = fields.get('redis_version') ?? ''
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new RedisRefusal(`Redis ${version} is too old, must be ${OLDEST_MAJOR}.0 or newer`)
  }
  // A server that was promoted from a replica keeps the replication id of the one that it replaces.
  const replaces = /[^0]/.test(fields.get('master_replid2') ?? '')
  return { run: fields.get('run_id') ?? '', keepsAll: fields.get('aof_enabled') === '1' && !replaces }
}

function split(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}
