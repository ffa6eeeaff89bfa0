/** A foreign client for all three protocols: the curl of buf, as a program of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'

/** What a run of the program left. */
export interface BufCurlResult {
  /** 0, or 8 times the code of the error that the call ended with. */
  readonly exitCode: number
  /** The messages that were received, parsed. */
  readonly messages: readonly unknown[]
  readonly stderr: string
}

const ROOT = path.resolve(import.meta.dirname, '../..')
const BUF = path.join(ROOT, 'node_modules/@bufbuild/buf/bin/buf')
/** Nothing of the person's own cache, so that every machine runs the same. */
const CACHE = path.join(ROOT, '.cache/buf')

/** Makes one call. The messages go to standard input, one after the other. */
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
