#!/usr/bin/env node
/** The client program: what connects `run` to the process. */
import { EXIT_FAILURE } from './exit-code.ts'
import { run } from './run.ts'

/** npm and terminals deliver one interrupt twice; two signals within this time count as one. */
const SAME_SIGNAL_MS = 1_000

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

const interruption = new AbortController()
let interruptedAtMs = Number.POSITIVE_INFINITY

for (const [signal, number] of Object.entries(SIGNAL_NUMBERS)) {
  process.on(signal, () => {
    const nowMs = performance.now()
    if (nowMs - interruptedAtMs >= SAME_SIGNAL_MS) process.exit(128 + number)
    if (!interruption.signal.aborted) interruptedAtMs = nowMs
    interruption.abort()
  })
}

// The writer of a line hears of the error itself; without a listener the process would die of it as well.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

process.on('uncaughtException', (error) => {
  process.stderr.write(`error: ${error.message}\n`, () => process.exit(EXIT_FAILURE))
})

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interruption.signal,
})
