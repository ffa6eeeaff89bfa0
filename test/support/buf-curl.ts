/** A third-party client for all three protocols: `buf curl`, run as a child process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'

/** The result of one run. */
export interface BufCurlResult {
  /** 0, or 8 times the error code of the call. */
  readonly exitCode: number
  /** The messages that were received, parsed. */
  readonly messages: readonly unknown[]
  readonly stderr: string
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const BUF = path.join(ROOT, 'node_modules/@bufbuild/buf/bin/buf')
/** Uses an empty cache, so that every machine runs the same. */
const CACHE = path.join(ROOT, '.cache/buf')

/** Makes one call. The messages are written to standard input, in order. */
export async function bufCurl(args: readonly string[], requests: readonly object[]): Promise<BufCurlResult> {
  const child = spawn(process.execPath, [BUF, 'curl', ...args, '--data', '@-'], {
    cwd: ROOT,
    env: { ...process.env, BUF_CACHE_DIR: CACHE },
  })
  child.stdin.end(requests.map((request) => JSON.stringify(request)).join('\n'))
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const messages = stdout.split(/\n(?=\{)/).filter((message) => message.trim() !== '')
  return { exitCode, messages: messages.map((message) => JSON.parse(message)), stderr }
}
