/**
 * Runs h2spec, strict, against the one port: in cleartext and TLS, an ordinary route and a call, answered at once and late.
 * Its cases race with the responses, so one run is not enough: `npm run h2spec -- --rounds 50` repeats each run.
 */
import { parseArgs } from 'node:util'
import { testCertificates } from '../support/certificates.ts'
import { runCommand } from '../support/command.ts'
import { installGoTool } from '../support/go-tool.ts'
import { type Check, runChecks } from '../support/run-checks.ts'
import { CALL_PATH, PLAIN_PATH, startTarget, type Target } from './target.ts'

const DEFAULT_ROUNDS = '5'
/** How long h2spec waits for expected and for unexpected frames. */
const TIMEOUT_SECONDS = '2'
/** It waits so long in a few cases; where all 146 fail, a run takes five minutes. */
const RUN_TIMEOUT_MS = 400_000

const EVERY_CASE = 146
/**
 * All but the five that leave the request open and want what is wrong with its rest answered: a call that can be answered by
 * its head is, and the rest is not wanted any more (RFC 9113 section 8.1).
 */
const CALL_SECTIONS: readonly string[] = [
  'generic',
  'hpack',
  ...['3', '4', '5', '7', '8.2'].map((section) => `http2/${section}`),
  ...['1', '2', '3', '4', '5', '7', '8', '9/1', '9/2', '9/3', '9.1/1', '9.1/2', '9.2', '10'].map(
    (it) => `http2/6.${it}`,
  ),
  ...['/1', '.1/1', '.1/2', '.1/4', '.2', '.3'].map((section) => `http2/8.1.2${section}`),
]
const CALL_CASES = EVERY_CASE - 5

const { values } = parseArgs({ options: { rounds: { type: 'string', default: DEFAULT_ROUNDS } } })
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds is ${values.rounds}: it must be 1 or more`)

const program = await installGoTool({
  package: 'github.com/summerwind/h2spec/cmd/h2spec',
  version: 'v2.2.1+incompatible',
})
const { server: tls } = await testCertificates()

await using targets = new AsyncDisposableStack()
const checks: Check[] = []
for (const isLate of [false, true]) {
  for (const isEncrypted of [false, true]) {
    const target = targets.use(await startTarget({ isLate, ...(isEncrypted && { tls }) }))
    const way = `${isEncrypted ? 'TLS' : 'cleartext'}, answers ${isLate ? 'late' : 'at once'}`
    const flags = isEncrypted ? ['--tls', '--insecure'] : []
    checks.push(
      checkOf(`an ordinary route, ${way}`, target, { path: PLAIN_PATH, flags, cases: EVERY_CASE }),
      checkOf(`a call, ${way}`, target, { path: CALL_PATH, flags: [...flags, ...CALL_SECTIONS], cases: CALL_CASES }),
    )
  }
}
await runChecks(checks, { timeoutMs: rounds * RUN_TIMEOUT_MS })

/** Options for h2spec: `flags` ends with the sections. */
interface Run {
  readonly path: string
  readonly flags: readonly string[]
  readonly cases: number
}

function checkOf(what: string, target: Target, run: Run): Check {
  return {
    name: `h2spec: ${what}: ${run.cases} cases, ${rounds} times`,
    async run() {
      for (let round = 0; round < rounds; round++) await runOnce(target, run)
    },
  }
}

async function runOnce({ port }: Target, { path, flags, cases }: Run): Promise<void> {
  const common = ['--strict', '--timeout', TIMEOUT_SECONDS, '--port', String(port), '--path', path]
  const args = [...common, ...flags]
  const report = await runCommand({ program, args, timeoutMs: RUN_TIMEOUT_MS }).catch((error: Error) => error.message)
  if (report.includes(`${cases} tests, ${cases} passed, 0 skipped, 0 failed`)) return
  throw new Error(report.slice(Math.max(0, report.lastIndexOf('Failures:'))))
}
